//! Removing objects.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::{Blob, BlobError, Fault};

/// What one request may name.
const MAX_KEYS: usize = 1_000;

impl Blob {
    /// Removes an object; one that does not exist counts as removed.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let delete = self.client().delete_object().bucket(self.bucket()).key(key);
        match self.inner.meter.run("delete_object", delete.send()).await {
            Ok(_) | Err(BlobError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes many objects, a thousand per request. After an error some may be gone; running it again is safe.
    pub async fn delete_many<K: AsRef<str>>(&self, keys: &[K]) -> Result<(), BlobError> {
        for keys in keys.chunks(MAX_KEYS) {
            self.delete_batch(keys).await?;
        }
        Ok(())
    }

    async fn delete_batch<K: AsRef<str>>(&self, keys: &[K]) -> Result<(), BlobError> {
        let identifiers: Result<Vec<_>, _> = keys
            .iter()
            .map(|key| ObjectIdentifier::builder().key(key.as_ref()).build())
            .collect();
        let batch = identifiers
            .and_then(|keys| {
                Delete::builder()
                    .set_objects(Some(keys))
                    .quiet(true)
                    .build()
            })
            .map_err(|error| BlobError::Other(Fault::new("delete_objects", error)))?;
        let delete = self
            .client()
            .delete_objects()
            .bucket(self.bucket())
            .delete(batch);
        let deleted = self
            .inner
            .meter
            .run("delete_objects", delete.send())
            .await?;
        match deleted.errors().first() {
            None => Ok(()),
            Some(refused) => {
                let code = refused.code().unwrap_or("no code");
                Err(BlobError::Other(Fault::new("delete_objects", code)))
            }
        }
    }
}
