//! Finding out at start whether the store can do what will be asked of it.

mod remedy;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use bytes::Bytes;
use uuid::Uuid;

use self::remedy::Step;
use super::{Blob, BlobError, Copy, Description};

pub use self::remedy::CheckError;

const PROBE: &[u8] = b"strongroom";

impl Blob {
    /// Tries everything the server needs on a probe object, and leaves nothing behind.
    ///
    /// The error is one sentence that names the variable or the right to change.
    pub async fn check(&self) -> Result<(), CheckError> {
        let prefix = format!(".strongroom-probe/{}", Uuid::new_v4());
        let listed = self.list(&prefix, None, 1).await;
        listed.map_err(|error| self.unusable(Step::List, error))?;
        let (source, target) = (format!("{prefix}/source"), format!("{prefix}/target"));
        let probed = self.probe(&source, &target).await;
        let swept = self.delete_many(&[&source, &target]).await;
        probed?;
        swept.map_err(|error| self.unusable(Step::Delete, error))?;
        self.probe_multipart(&format!("{prefix}/parts")).await
    }

    /// Makes the bucket unless it exists; only for the embedded store, whose buckets are ours.
    pub async fn create_bucket_if_missing(&self) -> Result<(), BlobError> {
        let head = self.client().head_bucket().bucket(self.bucket());
        match self.inner.meter.run("head_bucket", head.send()).await {
            Err(BlobError::NotFound(_)) => {}
            found => return found.map(|_| ()),
        }
        let region = BucketLocationConstraint::from(self.inner.region.as_str());
        let place = CreateBucketConfiguration::builder()
            .location_constraint(region)
            .build();
        let create = self
            .client()
            .create_bucket()
            .bucket(self.bucket())
            .create_bucket_configuration(place);
        let created = self.inner.meter.run("create_bucket", create.send()).await;
        match created {
            Err(error) if error.code() == Some("BucketAlreadyOwnedByYou") => Ok(()),
            created => created.map(|_| ()),
        }
    }

    async fn probe(&self, source: &str, target: &str) -> Result<(), CheckError> {
        let put = self.put_small(source, Bytes::from_static(PROBE), "text/plain");
        let put = put.await.map_err(|error| self.unusable(Step::Put, error))?;
        self.probe_read(source).await?;
        let description = Description::of("text/plain");
        let copy = Copy {
            from: source,
            to: target,
            if_match_etag: &put.etag,
            byte_len: put.byte_len,
            description: &description,
        };
        let copied = self.copy(&copy).await;
        copied.map_err(|error| self.unusable(Step::Copy, error))?;
        self.probe_condition(&copy).await
    }

    async fn probe_read(&self, source: &str) -> Result<(), CheckError> {
        let read = async {
            let head = self.head(source).await?;
            let body = self.get_stream(source, None).await?;
            Ok((head.byte_len, body.byte_len()))
        };
        let lens = read
            .await
            .map_err(|error| self.unusable(Step::Get, error))?;
        if lens == (PROBE.len() as u64, PROBE.len() as u64) {
            Ok(())
        } else {
            Err(self.unfit("did not return the object that was just written"))
        }
    }

    /// A store that copies whatever is there would let a checked upload be swapped afterwards.
    async fn probe_condition(&self, copy: &Copy<'_>) -> Result<(), CheckError> {
        let other = Copy {
            if_match_etag: "\"00000000000000000000000000000000\"",
            ..copy.clone()
        };
        match self.copy(&other).await {
            Err(BlobError::PreconditionFailed(_)) => Ok(()),
            Err(error) => Err(self.unusable(Step::Copy, error)),
            Ok(_) => Err(self.unfit("ignores the condition x-amz-copy-source-if-match")),
        }
    }

    async fn probe_multipart(&self, key: &str) -> Result<(), CheckError> {
        let description = Description::of("text/plain");
        let created = self.create_multipart(key, &description).await;
        let upload_id = created.map_err(|error| self.unusable(Step::Multipart, error))?;
        let listed = self.list_multiparts(key).await;
        let aborted = self.abort_multipart(key, &upload_id).await;
        let listed = listed.map_err(|error| self.unusable(Step::ListMultipart, error))?;
        aborted.map_err(|error| self.unusable(Step::Abort, error))?;
        if listed.iter().any(|found| found.upload_id == upload_id) {
            Ok(())
        } else {
            Err(self.unfit("does not list unfinished multipart uploads"))
        }
    }
}
