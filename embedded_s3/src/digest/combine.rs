//! Digests of a multipart object, computed from its parts' digests without reading a byte again.

use crc_fast::{CrcAlgorithm, checksum_combine};
use data_encoding::{BASE64, HEXLOWER};
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};

use super::{Algorithm, decode_base64};
use crate::record::ChecksumKind;

/// The `ETag` of a multipart object: the MD5 of the parts' MD5s, a hyphen, the number of parts.
///
/// `None` when a part's `ETag` is not an MD5, which only a damaged record can cause.
pub(crate) fn composite_etag<'a>(part_etags: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut md5 = Md5::new();
    let mut count = 0_usize;
    for etag in part_etags {
        md5.update(&HEXLOWER.decode(etag.as_bytes()).ok()?);
        count += 1;
    }
    Some(format!("{}-{count}", HEXLOWER.encode(&md5.finalize())))
}

/// The checksum of a multipart object from its parts' values and byte lengths.
///
/// `None` when a part has no value, or when `algorithm` cannot be combined in that way.
pub(crate) fn object_checksum(
    algorithm: Algorithm,
    kind: ChecksumKind,
    parts: &[(&str, u64)],
) -> Option<String> {
    let values: Option<Vec<(Vec<u8>, u64)>> = parts
        .iter()
        .map(|(value, byte_len)| Some((decode_base64(value)?, *byte_len)))
        .collect();
    match kind {
        ChecksumKind::Composite => Some(format!(
            "{}-{}",
            composite(algorithm, &values?),
            parts.len()
        )),
        ChecksumKind::FullObject => full_object(algorithm, &values?),
    }
}

fn composite(algorithm: Algorithm, values: &[(Vec<u8>, u64)]) -> String {
    let joined: Vec<u8> = values
        .iter()
        .flat_map(|(value, _)| value.iter().copied())
        .collect();
    match algorithm {
        Algorithm::Crc32 => BASE64.encode(&Crc32::checksum(&joined)),
        Algorithm::Crc32c => BASE64.encode(&Crc32c::checksum(&joined)),
        Algorithm::Crc64Nvme => BASE64.encode(&Crc64Nvme::checksum(&joined)),
        Algorithm::Sha1 => BASE64.encode(&Sha1::checksum(&joined)),
        Algorithm::Sha256 => BASE64.encode(&Sha256::checksum(&joined)),
    }
}

fn full_object(algorithm: Algorithm, values: &[(Vec<u8>, u64)]) -> Option<String> {
    let (crc, width) = match algorithm {
        Algorithm::Crc32 => (CrcAlgorithm::Crc32IsoHdlc, 4),
        Algorithm::Crc32c => (CrcAlgorithm::Crc32Iscsi, 4),
        Algorithm::Crc64Nvme => (CrcAlgorithm::Crc64Nvme, 8),
        Algorithm::Sha1 | Algorithm::Sha256 => return None,
    };
    let mut parts = values
        .iter()
        .map(|(value, byte_len)| Some((number(value, width)?, *byte_len)));
    let (first, _) = parts.next()??;
    let combined = parts.try_fold(first, |sum, part| {
        let (next, byte_len) = part?;
        Some(checksum_combine(crc, sum, next, byte_len))
    })?;
    Some(BASE64.encode(&combined.to_be_bytes()[8 - width..]))
}

fn number(value: &[u8], width: usize) -> Option<u64> {
    let exact = value.len() == width;
    exact.then(|| {
        value
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    })
}
