//! URLs that let somebody else talk to the store.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;

use super::{Blob, BlobError, Fault};

/// A request somebody else may make. The URL is a credential: it belongs in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// The address, signature included.
    pub url: String,
    /// `PUT` or `GET`.
    pub method: &'static str,
    /// Headers that are signed and must be sent as they are, lower-case names.
    pub headers: Vec<(String, String)>,
    /// From when on the store refuses it.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Presigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presigned")
            .field("method", &self.method)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Blob {
    /// Lets somebody write `key` once or more until it expires, with exactly this length, type and, if given, hash.
    ///
    /// Stores differ in what they check, and a URL outlives every check: look at the object again, and copy it to a
    /// key nobody else can write, before believing anything about it. Nothing is sent.
    pub async fn presign_put(
        &self,
        key: &str,
        byte_len: u64,
        media_type: &str,
        sha256: Option<[u8; 32]>,
        ttl: Duration,
    ) -> Result<Presigned, BlobError> {
        let byte_len = i64::try_from(byte_len).map_err(|_| BlobError::TooLarge)?;
        let (config, expires_at) = expiring("presign_put", ttl)?;
        let put = self
            .inner
            .presigner
            .put_object()
            .bucket(self.bucket())
            .key(key)
            .content_length(byte_len)
            .content_type(media_type)
            .set_checksum_sha256(sha256.map(|hash| BASE64.encode(&hash)));
        let signed = put
            .presigned(config)
            .await
            .map_err(|error| BlobError::new("presign_put", error))?;
        Ok(presigned(&signed, "PUT", expires_at))
    }

    /// Lets somebody read `key` until it expires, served under this disposition and type. Nothing is sent.
    pub async fn presign_get(
        &self,
        key: &str,
        ttl: Duration,
        content_disposition: &str,
        media_type: &str,
    ) -> Result<Presigned, BlobError> {
        let (config, expires_at) = expiring("presign_get", ttl)?;
        let get = self
            .inner
            .presigner
            .get_object()
            .bucket(self.bucket())
            .key(key)
            .response_content_disposition(content_disposition)
            .response_content_type(media_type);
        let signed = get
            .presigned(config)
            .await
            .map_err(|error| BlobError::new("presign_get", error))?;
        Ok(presigned(&signed, "GET", expires_at))
    }
}

/// Whole seconds, as signatures count them, so that the promised end is the store's.
///
/// By the machine's clock, since the store holds the signature against its own.
fn expiring(
    operation: &'static str,
    ttl: Duration,
) -> Result<(PresigningConfig, DateTime<Utc>), BlobError> {
    let ttl = Duration::from_secs(ttl.as_secs());
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|error| BlobError::Other(Fault::new(operation, error)))?;
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs());
    let config = PresigningConfig::builder()
        .start_time(start)
        .expires_in(ttl)
        .build()
        .map_err(|error| BlobError::Other(Fault::new(operation, error)))?;
    let expires_at = DateTime::from(start + ttl);
    Ok((config, expires_at))
}

fn presigned(
    signed: &PresignedRequest,
    method: &'static str,
    expires_at: DateTime<Utc>,
) -> Presigned {
    let headers = signed
        .headers()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Presigned {
        url: signed.uri().to_owned(),
        method,
        headers,
        expires_at,
    }
}
