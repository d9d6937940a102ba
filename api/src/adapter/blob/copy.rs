//! Copies inside the store: the bytes do not pass through this server.

use aws_sdk_s3::types::{CompletedPart, MetadataDirective};
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::client;
use super::multipart::{MAX_PARTS, part};
use super::{Blob, BlobError, Description, Stored};

/// What stays as it is in a path; the rest is escaped.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Parts copied at the same time.
const MAX_IN_FLIGHT: usize = 4;

/// A copy of an object that must not change between its inspection and the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy<'a> {
    /// Key of the source.
    pub from: &'a str,
    /// Key of the copy.
    pub to: &'a str,
    /// Entity tag the source must still have.
    pub if_match_etag: &'a str,
    /// Size of the source in bytes, as [`Blob::head`] said.
    pub byte_len: u64,
    /// What the store says about the copy; nothing is taken over from the source.
    pub description: &'a Description,
}

/// Where one request stops being enough.
#[derive(Debug, Clone, std::marker::Copy)]
pub(super) struct CopyLimits {
    pub(super) single_byte_len: u64,
    pub(super) part_byte_len: u64,
}

const LIMITS: CopyLimits = CopyLimits {
    single_byte_len: 5 << 30,
    part_byte_len: 512 << 20,
};

impl Blob {
    /// Copies an object; [`BlobError::PreconditionFailed`] when the source is not the one that was looked at.
    ///
    /// Up to 5 GiB in one request, above in parts, each bound to the same entity tag.
    pub async fn copy(&self, copy: &Copy<'_>) -> Result<Stored, BlobError> {
        self.copy_within(copy, LIMITS).await
    }

    pub(super) async fn copy_within(
        &self,
        copy: &Copy<'_>,
        limits: CopyLimits,
    ) -> Result<Stored, BlobError> {
        if copy.byte_len <= limits.single_byte_len {
            self.copy_whole(copy).await
        } else {
            self.copy_in_parts(copy, limits.part_byte_len).await
        }
    }

    async fn copy_whole(&self, copy: &Copy<'_>) -> Result<Stored, BlobError> {
        let request = self
            .client()
            .copy_object()
            .bucket(self.bucket())
            .key(copy.to)
            .copy_source(self.source(copy.from))
            .copy_source_if_match(copy.if_match_etag)
            .metadata_directive(MetadataDirective::Replace)
            .content_type(&copy.description.media_type)
            .set_content_disposition(copy.description.content_disposition.clone())
            .customize()
            .config_override(client::server_side());
        let copied = self.inner.meter.run("copy_object", request.send()).await?;
        let etag = copied.copy_object_result.and_then(|result| result.e_tag);
        Ok(Stored {
            etag: etag.unwrap_or_default(),
            byte_len: copy.byte_len,
        })
    }

    async fn copy_in_parts(
        &self,
        copy: &Copy<'_>,
        part_byte_len: u64,
    ) -> Result<Stored, BlobError> {
        let upload_id = self.create_multipart(copy.to, copy.description).await?;
        let copied = async {
            let parts: Vec<CompletedPart> = stream::iter(ranges(copy.byte_len, part_byte_len)?)
                .map(|range| self.copy_part(copy, &upload_id, range))
                .buffer_unordered(MAX_IN_FLIGHT)
                .try_collect()
                .await?;
            self.complete_multipart(copy.to, &upload_id, parts, copy.byte_len)
                .await
        };
        let copied = copied.await;
        if copied.is_err() {
            self.abandon_multipart(copy.to, &upload_id).await;
        }
        copied
    }

    async fn copy_part(
        &self,
        copy: &Copy<'_>,
        upload_id: &str,
        range: PartRange,
    ) -> Result<CompletedPart, BlobError> {
        let request = self
            .client()
            .upload_part_copy()
            .bucket(self.bucket())
            .key(copy.to)
            .upload_id(upload_id)
            .part_number(range.number)
            .copy_source(self.source(copy.from))
            .copy_source_range(format!("bytes={}-{}", range.first, range.last))
            .copy_source_if_match(copy.if_match_etag)
            .customize()
            .config_override(client::server_side());
        let run = self.inner.meter.run("upload_part_copy", request.send());
        let etag = run.await?.copy_part_result.and_then(|result| result.e_tag);
        Ok(part(range.number, etag))
    }

    fn source(&self, key: &str) -> String {
        format!("{}/{}", self.bucket(), utf8_percent_encode(key, PATH))
    }
}

/// Bytes `first..=last` of the source, copied as part `number`.
#[derive(Debug, Clone, std::marker::Copy, PartialEq, Eq)]
struct PartRange {
    number: i32,
    first: u64,
    last: u64,
}

/// Cuts `byte_len` bytes into parts of `part_byte_len`, the last one shorter; grows the parts when they are too many.
fn ranges(byte_len: u64, part_byte_len: u64) -> Result<Vec<PartRange>, BlobError> {
    let max_parts = u64::from(MAX_PARTS.unsigned_abs());
    let part_byte_len = part_byte_len.max(byte_len.div_ceil(max_parts));
    (1..=MAX_PARTS)
        .zip(0..byte_len.div_ceil(part_byte_len))
        .map(|(number, index)| {
            let first = index * part_byte_len;
            let last = byte_len.min(first.saturating_add(part_byte_len)) - 1;
            Ok(PartRange {
                number,
                first,
                last,
            })
        })
        .collect()
}
