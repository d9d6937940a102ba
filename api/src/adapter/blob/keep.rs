//! Objects that are written once and kept: conditional writes and object lock, where the store has them.

use aws_sdk_s3::types::{ChecksumAlgorithm, ObjectLockEnabled, ObjectLockMode};
use aws_smithy_types::DateTime as SdkTime;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use super::{Blob, BlobError};

/// The largest object that is read into memory here.
const MOST_BYTES: u64 = 64 << 20;

/// How an object is kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keeping {
    /// Only if there is none under the key; for stores for which [`Blob::refuses_overwriting`].
    pub must_be_new: bool,
    /// Nobody can delete it before; for buckets for which [`Blob::has_object_lock`].
    pub locked_until: Option<DateTime<Utc>>,
}

impl Blob {
    /// Another bucket of the same store, with the same credentials.
    #[must_use]
    pub fn in_bucket(&self, bucket: &str) -> Self {
        if bucket == self.bucket() {
            return self.clone();
        }
        Self {
            inner: std::sync::Arc::new(super::Inner {
                operations: self.inner.operations.clone(),
                presigner: self.inner.presigner.clone(),
                endpoint: self.inner.endpoint.clone(),
                region: self.inner.region.clone(),
                bucket: bucket.to_owned(),
                signs_bodies: self.inner.signs_bodies,
                meter: super::Meter::default(),
            }),
        }
    }

    /// Writes an object that is to be kept.
    ///
    /// # Errors
    /// [`BlobError::PreconditionFailed`] when it must be new and the key exists.
    pub async fn put_kept(
        &self,
        key: &str,
        bytes: Bytes,
        media_type: &str,
        keeping: Keeping,
    ) -> Result<(), BlobError> {
        let mut put = self
            .client()
            .put_object()
            .bucket(self.bucket())
            .key(key)
            .content_type(media_type)
            .body(bytes.into());
        if keeping.must_be_new {
            put = put.if_none_match("*");
        }
        if let Some(until) = keeping.locked_until {
            // Stores demand a checksum of what they lock.
            put = put
                .checksum_algorithm(ChecksumAlgorithm::Sha256)
                .object_lock_mode(ObjectLockMode::Compliance)
                .object_lock_retain_until_date(SdkTime::from_secs(until.timestamp()));
        }
        self.inner.meter.run("put_object", put.send()).await?;
        Ok(())
    }

    /// Whether the store heeds [`Keeping::must_be_new`], found out on an object below `prefix` that
    /// is deleted again.
    pub async fn refuses_overwriting(&self, prefix: &str) -> Result<bool, BlobError> {
        let key = format!("{prefix}/probe-{}", Uuid::new_v4());
        let keeping = Keeping {
            must_be_new: true,
            ..Keeping::default()
        };
        let bytes = Bytes::from_static(b"strongroom");
        let probe = || self.put_kept(&key, bytes.clone(), "text/plain", keeping);
        let first = probe().await;
        let again = probe().await;
        if first.is_ok() {
            self.delete(&key).await?;
        }
        match (first, again) {
            (Ok(()), Err(BlobError::PreconditionFailed(_))) => Ok(true),
            // Some stores do not know the header and say so.
            (Ok(()), _) | (Err(BlobError::Other(_)), _) => Ok(false),
            (Err(error), _) => Err(error),
        }
    }

    /// Whether objects of the bucket can be locked. A store that does not know the question cannot.
    pub async fn has_object_lock(&self) -> Result<bool, BlobError> {
        let ask = self
            .client()
            .get_object_lock_configuration()
            .bucket(self.bucket());
        let run = self
            .inner
            .meter
            .run("get_object_lock_configuration", ask.send());
        match run.await {
            Ok(answer) => Ok(answer
                .object_lock_configuration
                .and_then(|lock| lock.object_lock_enabled)
                == Some(ObjectLockEnabled::Enabled)),
            Err(error @ BlobError::Unavailable(_)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Reads a small object whole.
    pub async fn get_small(&self, key: &str) -> Result<Bytes, BlobError> {
        let body = self.get_stream(key, None).await?;
        if body.byte_len() > MOST_BYTES {
            return Err(BlobError::TooLarge);
        }
        let bytes: Vec<u8> = body
            .try_fold(Vec::new(), async |mut bytes, chunk| {
                bytes.extend_from_slice(&chunk);
                Ok(bytes)
            })
            .await?;
        Ok(bytes.into())
    }
}
