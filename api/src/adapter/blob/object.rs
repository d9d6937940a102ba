//! Single objects: writing small ones, looking at them, reading them.

use std::ops::RangeInclusive;

use aws_sdk_s3::types::ChecksumMode;
use bytes::Bytes;
use data_encoding::BASE64;

use super::client;
use super::{Blob, BlobBody, BlobError, Description};

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The entity tag as the store gave it, quotes included. Not a hash of anything.
    pub etag: String,
    /// Bytes written.
    pub byte_len: u64,
}

/// What the store knows about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Size in bytes.
    pub byte_len: u64,
    /// The entity tag as the store gave it, quotes included.
    pub etag: String,
    /// `Content-Type`, if the store keeps one.
    pub media_type: Option<String>,
    /// SHA-256 of the whole object, if the store computed or checked one.
    pub sha256: Option<[u8; 32]>,
}

impl Blob {
    /// Writes an object in one request. For bodies that fit in memory with ease, at most one part.
    pub async fn put_small(
        &self,
        key: &str,
        bytes: Bytes,
        media_type: &str,
    ) -> Result<Stored, BlobError> {
        self.put_whole(key, bytes, &Description::of(media_type))
            .await
    }

    pub(super) async fn put_whole(
        &self,
        key: &str,
        bytes: Bytes,
        description: &Description,
    ) -> Result<Stored, BlobError> {
        let byte_len = bytes.len() as u64;
        let put = self
            .client()
            .put_object()
            .bucket(self.bucket())
            .key(key)
            .content_type(&description.media_type)
            .set_content_disposition(description.content_disposition.clone())
            .body(bytes.into())
            .customize()
            .config_override(client::transfer());
        let put = if self.inner.signs_bodies {
            put
        } else {
            put.disable_payload_signing()
        };
        let put = self.inner.meter.run("put_object", put.send()).await?;
        Ok(Stored {
            etag: put.e_tag.unwrap_or_default(),
            byte_len,
        })
    }

    /// Looks at an object without reading it.
    pub async fn head(&self, key: &str) -> Result<Head, BlobError> {
        let head = self
            .client()
            .head_object()
            .bucket(self.bucket())
            .key(key)
            .checksum_mode(ChecksumMode::Enabled);
        let head = self.inner.meter.run("head_object", head.send()).await?;
        Ok(Head {
            byte_len: byte_len(head.content_length),
            etag: head.e_tag.unwrap_or_default(),
            media_type: head.content_type,
            sha256: head.checksum_sha256.as_deref().and_then(sha256),
        })
    }

    /// Opens an object, or the bytes `range` of it, for reading.
    ///
    /// Memory stays constant whatever the size. A connection that dies on the way ends the stream with an error.
    pub async fn get_stream(
        &self,
        key: &str,
        range: Option<RangeInclusive<u64>>,
    ) -> Result<BlobBody, BlobError> {
        let range = range.map(|range| format!("bytes={}-{}", range.start(), range.end()));
        let get = self
            .client()
            .get_object()
            .bucket(self.bucket())
            .key(key)
            .set_range(range);
        let got = self.inner.meter.run("get_object", get.send()).await?;
        Ok(BlobBody::new(
            byte_len(got.content_length),
            got.e_tag.unwrap_or_default(),
            got.body,
        ))
    }
}

/// The store's signed lengths as what they are.
pub(super) fn byte_len(length: Option<i64>) -> u64 {
    length
        .and_then(|length| u64::try_from(length).ok())
        .unwrap_or(0)
}

/// A checksum of the whole object; one over parts ends in `-` and their number, and is none.
fn sha256(text: &str) -> Option<[u8; 32]> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok()
}
