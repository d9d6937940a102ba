//! Checksums of S3: computed while bytes pass by, compared with what the client declared.

mod combine;
mod expected;

pub(crate) use self::combine::{composite_etag, object_checksum};
pub(crate) use self::expected::Expected;

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use serde::{Deserialize, Serialize};

/// The additional checksum algorithms of S3 that are verified and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// The name in `x-amz-checksum-algorithm`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header, or trailer, that carries a value.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

/// Base64 values by algorithm, as S3 writes them.
///
/// Almost every object has at most one, and every object's are in memory: a short list takes a tenth of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "BTreeMap<Algorithm, String>",
    into = "BTreeMap<Algorithm, String>"
)]
pub(crate) struct Checksums(Box<[(Algorithm, String)]>);

impl From<BTreeMap<Algorithm, String>> for Checksums {
    fn from(values: BTreeMap<Algorithm, String>) -> Self {
        Self(values.into_iter().collect())
    }
}

impl From<Checksums> for BTreeMap<Algorithm, String> {
    fn from(checksums: Checksums) -> Self {
        checksums.0.into_iter().collect()
    }
}

impl FromIterator<(Algorithm, String)> for Checksums {
    fn from_iter<I: IntoIterator<Item = (Algorithm, String)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl Checksums {
    pub(crate) fn find(&self, algorithm: Algorithm) -> Option<&str> {
        self.iter()
            .find(|(name, _)| *name == algorithm)
            .map(|(_, value)| value)
    }

    pub(crate) fn get(&self, algorithm: Algorithm) -> Option<String> {
        self.find(algorithm).map(str::to_owned)
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.0.iter().map(|(algorithm, _)| *algorithm)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Algorithm, &str)> {
        self.0
            .iter()
            .map(|(algorithm, value)| (*algorithm, value.as_str()))
    }
}

/// What a run of bytes hashes to.
#[derive(Clone, Debug)]
pub(crate) struct Digests {
    pub(crate) md5: [u8; 16],
    pub(crate) checksums: Checksums,
}

impl Digests {
    /// The `ETag` of an object stored in one piece: the MD5 in hex, without quotes.
    pub(crate) fn etag(&self) -> String {
        HEXLOWER.encode(&self.md5)
    }
}

/// Computes MD5 and the chosen checksums in one pass.
pub(crate) struct Digester {
    md5: Md5,
    checksums: ChecksumHasher,
}

impl Digester {
    pub(crate) fn new(algorithms: &[Algorithm]) -> Self {
        let mut checksums = ChecksumHasher::default();
        for algorithm in algorithms {
            match algorithm {
                Algorithm::Crc32 => checksums.crc32 = Some(Crc32::new()),
                Algorithm::Crc32c => checksums.crc32c = Some(Crc32c::new()),
                Algorithm::Crc64Nvme => checksums.crc64nvme = Some(Crc64Nvme::new()),
                Algorithm::Sha1 => checksums.sha1 = Some(Sha1::new()),
                Algorithm::Sha256 => checksums.sha256 = Some(Sha256::new()),
            }
        }
        Self {
            md5: Md5::new(),
            checksums,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.checksums.update(bytes);
    }

    pub(crate) fn finish(self) -> Digests {
        let sums = self.checksums.finalize();
        let found = [
            (Algorithm::Crc32, sums.checksum_crc32),
            (Algorithm::Crc32c, sums.checksum_crc32c),
            (Algorithm::Crc64Nvme, sums.checksum_crc64nvme),
            (Algorithm::Sha1, sums.checksum_sha1),
            (Algorithm::Sha256, sums.checksum_sha256),
        ];
        let values = found
            .into_iter()
            .filter_map(|(algorithm, value)| Some((algorithm, value?)));
        Digests {
            md5: self.md5.finalize(),
            checksums: values.collect(),
        }
    }
}

/// The bytes behind a base64 value, if it is base64.
pub(crate) fn decode_base64(value: &str) -> Option<Vec<u8>> {
    BASE64.decode(value.as_bytes()).ok()
}
