//! Between what the protocol layer parses and what is stored.

use s3s::dto::{ChecksumType, ETag, Metadata, Timestamp, TimestampFormat};
use s3s::{S3Result, s3_error};

use crate::record::{ChecksumKind, Description, moment};

/// The type of an object sent without one, as in S3.
pub(super) const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// The most user metadata an object may carry, names and values together, as in S3.
const MAX_METADATA_BYTES: usize = 2048;

/// Collects the stored headers of any input that has them.
macro_rules! description {
    ($input:expr) => {
        $crate::s3::convert::describe(
            $crate::record::Description {
                content_type: $input.content_type.take(),
                cache_control: $input.cache_control.take(),
                content_disposition: $input.content_disposition.take(),
                content_encoding: $input.content_encoding.take(),
                content_language: $input.content_language.take(),
                expires: $input
                    .expires
                    .take()
                    .as_ref()
                    .and_then($crate::s3::convert::http_date),
                metadata: std::collections::BTreeMap::new(),
            },
            $input.metadata.take(),
        )
    };
}
pub(super) use description;

/// Fills an output's checksum fields from stored values.
macro_rules! set_checksums {
    ($output:expr, $checksums:expr) => {{
        use $crate::digest::Algorithm;
        $output.checksum_crc32 = $checksums.get(Algorithm::Crc32);
        $output.checksum_crc32c = $checksums.get(Algorithm::Crc32c);
        $output.checksum_crc64nvme = $checksums.get(Algorithm::Crc64Nvme);
        $output.checksum_sha1 = $checksums.get(Algorithm::Sha1);
        $output.checksum_sha256 = $checksums.get(Algorithm::Sha256);
    }};
}
pub(super) use set_checksums;

/// The checksum values an input declares, by algorithm.
macro_rules! declared_checksums {
    ($input:expr) => {{
        use $crate::digest::Algorithm;
        [
            (Algorithm::Crc32, $input.checksum_crc32.as_deref()),
            (Algorithm::Crc32c, $input.checksum_crc32c.as_deref()),
            (Algorithm::Crc64Nvme, $input.checksum_crc64nvme.as_deref()),
            (Algorithm::Sha1, $input.checksum_sha1.as_deref()),
            (Algorithm::Sha256, $input.checksum_sha256.as_deref()),
        ]
    }};
}
pub(super) use declared_checksums;

/// Completes a description: the transfer's own encoding is not the object's, and metadata has a bound.
pub(super) fn describe(
    mut description: Description,
    metadata: Option<Metadata>,
) -> S3Result<Description> {
    description.content_encoding = description
        .content_encoding
        .as_deref()
        .and_then(own_encoding);
    description.metadata = metadata.into_iter().flatten().collect();
    let byte_len: usize = description
        .metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if byte_len > MAX_METADATA_BYTES {
        return Err(s3_error!(MetadataTooLarge));
    }
    Ok(description)
}

fn own_encoding(encoding: &str) -> Option<String> {
    let own = encoding
        .split(',')
        .map(str::trim)
        .filter(|token| !token.is_empty() && *token != "aws-chunked");
    let own = own.collect::<Vec<_>>().join(",");
    if own.is_empty() { None } else { Some(own) }
}

/// Refuses keys no XML listing can carry; S3 stores them and then cannot list them to most clients.
pub(super) fn check_key(key: &str) -> S3Result<()> {
    if key.len() > 1024 {
        return Err(s3_error!(KeyTooLongError));
    }
    if key
        .chars()
        .any(|c| c.is_ascii_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
    {
        return Err(s3_error!(
            InvalidArgument,
            "Keys with control characters are not supported."
        ));
    }
    Ok(())
}

pub(super) fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}

pub(super) fn timestamp(ms: u64) -> Timestamp {
    Timestamp::from(moment(ms))
}

pub(super) fn http_date(timestamp: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    timestamp
        .format(TimestampFormat::HttpDate, &mut text)
        .ok()?;
    String::from_utf8(text).ok()
}

pub(super) fn parse_http_date(text: &str) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::HttpDate, text).ok()
}

pub(super) fn checksum_type(kind: ChecksumKind) -> ChecksumType {
    ChecksumType::from_static(match kind {
        ChecksumKind::Composite => ChecksumType::COMPOSITE,
        ChecksumKind::FullObject => ChecksumType::FULL_OBJECT,
    })
}

/// A length as S3 writes it.
pub(super) fn length(byte_len: u64) -> i64 {
    i64::try_from(byte_len).unwrap_or(i64::MAX)
}

/// A client's page size, at most 1 000.
pub(super) fn page_size(wanted: Option<i32>) -> S3Result<usize> {
    let wanted = usize::try_from(wanted.unwrap_or(1000));
    let wanted =
        wanted.map_err(|_| s3_error!(InvalidArgument, "A page size must not be negative."))?;
    Ok(wanted.min(1000))
}

/// A count as S3 writes it.
pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
