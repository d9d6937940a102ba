//! What a client said about the bytes it is about to send.

use hyper::HeaderMap;
use hyper::header::CONTENT_LENGTH;
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, s3_error};

use super::{Algorithm, Checksums, Digests, decode_base64};

/// The largest body of one request, as in S3: 5 GiB.
const MAX_BODY_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The declarations of one upload; [`Expected::verify`] holds the bytes to all of them.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) byte_len: u64,
    md5: Option<Vec<u8>>,
    checksums: Checksums,
    announced: Vec<Algorithm>,
    wanted: Vec<Algorithm>,
}

impl Expected {
    /// Reads the declarations; a missing length or an unreadable value is refused before a byte is read.
    pub(crate) fn from_headers(headers: &HeaderMap) -> S3Result<Self> {
        let byte_len = text(headers, CONTENT_LENGTH.as_str()).and_then(|value| value.parse().ok());
        let byte_len: u64 = byte_len.ok_or(S3ErrorCode::MissingContentLength)?;
        if byte_len > MAX_BODY_BYTES {
            return Err(s3_error!(EntityTooLarge));
        }
        Ok(Self {
            byte_len,
            md5: declared_md5(headers)?,
            checksums: declared_checksums(headers)?,
            announced: announced_trailers(headers)?,
            wanted: Vec::new(),
        })
    }

    /// Also computes `algorithm`, whether or not the client declared a value.
    pub(crate) fn and_compute(mut self, algorithm: Option<Algorithm>) -> Self {
        self.wanted.extend(algorithm);
        self
    }

    /// Every algorithm needed to verify and to answer.
    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        let declared = self.checksums.algorithms();
        declared
            .chain(self.announced.iter().copied())
            .chain(self.wanted.iter().copied())
            .collect()
    }

    /// Compares with what arrived. Trailers are known only now, after the last byte.
    pub(crate) fn verify(
        &self,
        digests: &Digests,
        trailers: Option<&TrailingHeaders>,
    ) -> S3Result<()> {
        if self.md5.as_ref().is_some_and(|md5| md5[..] != digests.md5) {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what was received."
            ));
        }
        for (algorithm, declared) in self.checksums.iter() {
            compare(algorithm, declared, digests)?;
        }
        for algorithm in &self.announced {
            let value = trailers.and_then(|trailers| {
                trailers.read(|map| text(map, algorithm.header()).map(str::to_owned))
            });
            let value = value.flatten().ok_or_else(|| missing_trailer(*algorithm))?;
            compare(*algorithm, &value, digests)?;
        }
        Ok(())
    }
}

fn compare(algorithm: Algorithm, declared: &str, digests: &Digests) -> S3Result<()> {
    if digests.checksums.find(algorithm) == Some(declared) {
        return Ok(());
    }
    Err(s3_error!(
        BadDigest,
        "The {} you specified did not match the calculated checksum.",
        algorithm.name()
    ))
}

fn missing_trailer(algorithm: Algorithm) -> S3Error {
    s3_error!(
        InvalidRequest,
        "The trailer {} was announced and not sent.",
        algorithm.header()
    )
}

fn declared_md5(headers: &HeaderMap) -> S3Result<Option<Vec<u8>>> {
    let Some(value) = text(headers, "content-md5") else {
        return Ok(None);
    };
    let md5 = decode_base64(value).filter(|md5| md5.len() == 16);
    md5.map(Some)
        .ok_or_else(|| S3Error::new(S3ErrorCode::InvalidDigest))
}

fn declared_checksums(headers: &HeaderMap) -> S3Result<Checksums> {
    let declared = Algorithm::ALL
        .into_iter()
        .filter_map(|a| Some((a, text(headers, a.header())?)));
    declared
        .map(|(algorithm, value)| match decode_base64(value) {
            Some(_) => Ok((algorithm, value.to_owned())),
            None => Err(s3_error!(
                InvalidRequest,
                "{} is not base64.",
                algorithm.header()
            )),
        })
        .collect()
}

fn announced_trailers(headers: &HeaderMap) -> S3Result<Vec<Algorithm>> {
    let Some(names) = text(headers, "x-amz-trailer") else {
        return Ok(Vec::new());
    };
    let names = names
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase());
    names
        .map(|name| {
            let known = Algorithm::ALL
                .into_iter()
                .find(|algorithm| algorithm.header() == name);
            known.ok_or_else(|| s3_error!(InvalidRequest, "The trailer {name} is not supported."))
        })
        .collect()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
