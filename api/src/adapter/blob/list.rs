//! What lies in the store, for the sweeper and the reconciler.

use std::time::SystemTime;

use aws_sdk_s3::primitives::DateTime as SdkTime;
use chrono::{DateTime, Utc};

use super::object::byte_len;
use super::{Blob, BlobError};

/// The most a store answers at once.
const PAGE: usize = 1_000;

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Size in bytes.
    pub byte_len: u64,
    /// When it was last written, by the store's clock.
    pub modified_at: DateTime<Utc>,
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// The key it would write.
    pub key: String,
    /// Its id.
    pub upload_id: String,
    /// When it began, by the store's clock.
    pub initiated_at: DateTime<Utc>,
}

impl Blob {
    /// Up to `limit` objects whose keys begin with `prefix` and come after `after`, in the order of their keys' bytes.
    pub async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, BlobError> {
        self.list_by(PAGE, prefix, after, limit).await
    }

    /// The same in pages of at most `page`.
    pub(super) async fn list_by(
        &self,
        page: usize,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, BlobError> {
        let mut found: Vec<Listed> = Vec::new();
        while found.len() < limit {
            let wanted = page.min(limit - found.len());
            let after = found.last().map(|listed| listed.key.as_str()).or(after);
            let listed = self.list_page(prefix, after, wanted).await?;
            let is_last = listed.len() < wanted;
            found.extend(listed);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    async fn list_page(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, BlobError> {
        let list = self
            .client()
            .list_objects_v2()
            .bucket(self.bucket())
            .prefix(prefix)
            .set_start_after(after.map(str::to_owned))
            .max_keys(i32::try_from(limit).unwrap_or(i32::MAX));
        let page = self.inner.meter.run("list_objects", list.send()).await?;
        let listed = page.contents.unwrap_or_default().into_iter();
        Ok(listed
            .filter_map(|object| {
                Some(Listed {
                    key: object.key?,
                    byte_len: byte_len(object.size),
                    modified_at: time(object.last_modified),
                })
            })
            .collect())
    }

    /// Every unfinished multipart upload whose key begins with `prefix`.
    pub async fn list_multiparts(&self, prefix: &str) -> Result<Vec<Multipart>, BlobError> {
        let mut found = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let list = self
                .client()
                .list_multipart_uploads()
                .bucket(self.bucket())
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_upload_id_marker(id_marker);
            let run = self.inner.meter.run("list_multipart_uploads", list.send());
            let page = run.await?;
            found.extend(
                page.uploads
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|upload| {
                        Some(Multipart {
                            key: upload.key?,
                            upload_id: upload.upload_id?,
                            initiated_at: time(upload.initiated),
                        })
                    }),
            );
            if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
                return Ok(found);
            }
            (key_marker, id_marker) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }
}

/// The store's clock; a listing without a time counts as written now, so that nothing is swept for want of one.
fn time(time: Option<SdkTime>) -> DateTime<Utc> {
    time.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()))
        .unwrap_or_else(|| SystemTime::now().into())
}
