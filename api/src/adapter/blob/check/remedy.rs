//! One sentence per way a store can be set up wrongly.

use crate::adapter::blob::{Blob, BlobError};

/// Why the store cannot be used. `Display` is one sentence that names the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct CheckError {
    sentence: String,
    #[source]
    source: Option<BlobError>,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    List,
    Put,
    Get,
    Copy,
    Delete,
    Multipart,
    ListMultipart,
    Abort,
}

impl Step {
    /// What the server could not do, and the right that allows it.
    const fn verb_and_right(self) -> (&'static str, &'static str) {
        match self {
            Self::List => ("list objects", "s3:ListBucket"),
            Self::Put => ("write objects", "s3:PutObject"),
            Self::Get => ("read objects", "s3:GetObject"),
            Self::Copy => ("copy objects", "s3:GetObject and s3:PutObject"),
            Self::Delete => ("delete objects", "s3:DeleteObject"),
            Self::Multipart => ("begin multipart uploads", "s3:PutObject"),
            Self::ListMultipart => ("list multipart uploads", "s3:ListBucketMultipartUploads"),
            Self::Abort => ("abort multipart uploads", "s3:AbortMultipartUpload"),
        }
    }
}

impl Blob {
    pub(super) fn unusable(&self, step: Step, error: BlobError) -> CheckError {
        let sentence = self
            .sentence_for_code(error.code().unwrap_or_default())
            .unwrap_or_else(|| self.sentence_for_kind(step, &error));
        CheckError {
            sentence,
            source: Some(error),
        }
    }

    pub(super) fn unfit(&self, flaw: &str) -> CheckError {
        let endpoint = &self.inner.endpoint;
        CheckError {
            sentence: format!(
                "The object store at {endpoint} {flaw}: set S3_ENDPOINT to a store that is compatible with S3."
            ),
            source: None,
        }
    }

    fn sentence_for_code(&self, code: &str) -> Option<String> {
        let (endpoint, bucket) = (&self.inner.endpoint, &self.inner.bucket);
        let region = &self.inner.region;
        Some(match code {
            "NoSuchBucket" => format!(
                "The bucket {bucket} does not exist at {endpoint}: create it, or set S3_BUCKET to one that does."
            ),
            "InvalidBucketName" => {
                format!("{bucket} is not a bucket name at {endpoint}: change S3_BUCKET.")
            }
            "InvalidAccessKeyId" | "NotSignedUp" => format!(
                "The object store at {endpoint} does not know the access key: change S3_ACCESS_KEY."
            ),
            "SignatureDoesNotMatch" => format!(
                "The object store at {endpoint} refused the signature: change S3_SECRET_KEY to the one that belongs to S3_ACCESS_KEY."
            ),
            "AuthorizationHeaderMalformed"
            | "PermanentRedirect"
            | "IllegalLocationConstraintException" => {
                format!("The bucket {bucket} is not in the region {region}: change S3_REGION.")
            }
            "RequestTimeTooSkewed" => format!(
                "The clocks of this machine and of the object store at {endpoint} differ too much: set this machine's clock."
            ),
            _ => return None,
        })
    }

    fn sentence_for_kind(&self, step: Step, error: &BlobError) -> String {
        let (endpoint, bucket) = (&self.inner.endpoint, &self.inner.bucket);
        let (verb, right) = step.verb_and_right();
        match error {
            BlobError::Unavailable(_) => format!(
                "The object store at {endpoint} does not answer: start it, or change S3_ENDPOINT."
            ),
            BlobError::Denied(_) => format!(
                "The credentials in S3_ACCESS_KEY and S3_SECRET_KEY may not {verb} in the bucket {bucket}: grant them {right}."
            ),
            BlobError::Full(_) => format!(
                "The object store at {endpoint} is full: make room, or set S3_BUCKET to a bucket with room."
            ),
            BlobError::NotFound(_)
            | BlobError::PreconditionFailed(_)
            | BlobError::RangeNotSatisfiable(_)
            | BlobError::TooLarge
            | BlobError::Other(_) => format!(
                "The server could not {verb} in the bucket {bucket} at {endpoint}: set S3_ENDPOINT to a store that is compatible with S3."
            ),
        }
    }
}
