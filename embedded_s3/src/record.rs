//! What is written beside the bytes: one JSON file per object, per upload and per part.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::{Algorithm, Checksums};

/// An object: its name, its description, and where its bytes are, in order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    pub(crate) key: String,
    pub(crate) byte_len: u64,
    /// Without quotes.
    pub(crate) etag: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) modified_at: u64,
    pub(crate) segments: Vec<SegmentRecord>,
    #[serde(default)]
    pub(crate) description: Description,
    #[serde(default, skip_serializing_if = "Checksums::is_empty")]
    pub(crate) checksums: Checksums,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum_kind: Option<ChecksumKind>,
    /// The multipart upload that made it, so that a repeated completion gets the same answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upload_id: Option<Uuid>,
}

/// A run of bytes in one blob.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SegmentRecord {
    pub(crate) blob: Uuid,
    pub(crate) byte_len: u64,
}

/// Headers and user metadata that are stored and given back unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Description {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    /// An HTTP date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A multipart upload that has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) initiated_at: u64,
    pub(crate) description: Description,
    #[serde(default)]
    pub(crate) algorithm: Option<Algorithm>,
    #[serde(default)]
    pub(crate) checksum_kind: Option<ChecksumKind>,
}

/// One part of an upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) number: u16,
    pub(crate) blob: Uuid,
    pub(crate) byte_len: u64,
    /// Without quotes.
    pub(crate) etag: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) modified_at: u64,
    #[serde(default, skip_serializing_if = "Checksums::is_empty")]
    pub(crate) checksums: Checksums,
}

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    pub(crate) name: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) created_at: u64,
}

/// Whether a multipart checksum covers the parts' checksums or the bytes themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChecksumKind {
    Composite,
    FullObject,
}

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The moment a stored number of milliseconds means.
pub(crate) fn moment(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}
