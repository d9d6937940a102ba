//! The steps of a multipart upload, shared by the writer and by copies of very large objects.

use aws_sdk_s3::operation::upload_part::UploadPartOutput;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::client;
use super::{Blob, BlobError, Description, Fault, Stored};

/// The most parts an upload may have.
pub(super) const MAX_PARTS: i32 = 10_000;

impl Blob {
    /// Opens an upload and returns its id.
    pub(super) async fn create_multipart(
        &self,
        key: &str,
        description: &Description,
    ) -> Result<String, BlobError> {
        let create = self
            .client()
            .create_multipart_upload()
            .bucket(self.bucket())
            .key(key)
            .content_type(&description.media_type)
            .set_content_disposition(description.content_disposition.clone());
        let run = self
            .inner
            .meter
            .run("create_multipart_upload", create.send());
        let created = run.await?;
        created
            .upload_id
            .ok_or_else(|| BlobError::Other(Fault::new("create_multipart_upload", "no upload id")))
    }

    /// Sends one part.
    pub(super) async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: i32,
        bytes: Bytes,
    ) -> Result<CompletedPart, BlobError> {
        let upload = self
            .client()
            .upload_part()
            .bucket(self.bucket())
            .key(key)
            .upload_id(upload_id)
            .part_number(number)
            .body(bytes.into())
            .customize()
            .config_override(client::transfer());
        let upload = if self.inner.signs_bodies {
            upload
        } else {
            upload.disable_payload_signing()
        };
        let UploadPartOutput { e_tag, .. } =
            self.inner.meter.run("upload_part", upload.send()).await?;
        Ok(part(number, e_tag))
    }

    /// Joins the parts to an object of `byte_len` bytes.
    pub(super) async fn complete_multipart(
        &self,
        key: &str,
        upload_id: &str,
        mut parts: Vec<CompletedPart>,
        byte_len: u64,
    ) -> Result<Stored, BlobError> {
        parts.sort_unstable_by_key(CompletedPart::part_number);
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        let complete = self
            .client()
            .complete_multipart_upload()
            .bucket(self.bucket())
            .key(key)
            .upload_id(upload_id)
            .multipart_upload(parts)
            .customize()
            .config_override(client::server_side());
        let run = self
            .inner
            .meter
            .run("complete_multipart_upload", complete.send());
        match run.await {
            Ok(completed) => Ok(Stored {
                etag: completed.e_tag.unwrap_or_default(),
                byte_len,
            }),
            Err(error @ BlobError::NotFound(_)) => {
                self.completed_before(key, byte_len, error).await
            }
            Err(error) => Err(error),
        }
    }

    /// Settles a retry after a lost answer: the upload is gone because the first try joined it.
    async fn completed_before(
        &self,
        key: &str,
        byte_len: u64,
        error: BlobError,
    ) -> Result<Stored, BlobError> {
        let head = self.head(key).await?;
        if head.byte_len != byte_len {
            return Err(error);
        }
        Ok(Stored {
            etag: head.etag,
            byte_len,
        })
    }

    /// Drops an unfinished upload and its parts; one that does not exist counts as dropped.
    pub async fn abort_multipart(&self, key: &str, upload_id: &str) -> Result<(), BlobError> {
        let abort = self
            .client()
            .abort_multipart_upload()
            .bucket(self.bucket())
            .key(key)
            .upload_id(upload_id);
        let run = self.inner.meter.run("abort_multipart_upload", abort.send());
        match run.await {
            Ok(_) | Err(BlobError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Drops an upload after another error, which is the one to report; the sweeper finds what stays behind.
    pub(super) async fn abandon_multipart(&self, key: &str, upload_id: &str) {
        if let Err(error) = self.abort_multipart(key, upload_id).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an unfinished multipart upload stays until it is swept"
            );
        }
    }
}

pub(super) fn part(number: i32, etag: Option<String>) -> CompletedPart {
    CompletedPart::builder()
        .part_number(number)
        .set_e_tag(etag)
        .build()
}
