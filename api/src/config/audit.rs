//! The audit log's keys, and what of it is kept outside.

use std::{path::PathBuf, time::Duration};

use super::{
    reader::Reader,
    store::{ObjectStore, bucket, truth},
};

/// The audit log's keys, and what of it is kept outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// `STRONGROOM_AUDIT_KEY_DAYS`, 0 to 3650 days; default 365; 0 replaces no key by itself.
    pub key_days: u16,
    /// `STRONGROOM_AUDIT_KEY_OVERLAP`, 0 s to 90 d; default 24 h.
    pub key_overlap: Duration,
    /// `STRONGROOM_AUDIT_EXPORT_TTL`, 60 s to 30 d; default 24 h.
    pub export_ttl: Duration,
    /// `STRONGROOM_AUDIT_PRUNE`, true or false; default true: disclosures older than the log's policy go.
    pub prune: bool,
    /// `STRONGROOM_AUDIT_VERIFY_EVERY`, 0 s to 90 d; default 24 h; 0 leaves it to people.
    pub verify_every: Duration,
    /// `STRONGROOM_AUDIT_VERIFY_FULL_EVERY`, 0 s to 365 d; default 7 d; 0 leaves it to people.
    pub verify_full_every: Duration,
    /// `STRONGROOM_ANCHOR_BUCKET`, a bucket name; default the bucket of all objects, none beside the
    /// embedded store.
    pub anchor_bucket: Option<String>,
    /// `STRONGROOM_ANCHOR_PREFIX`, the beginning of keys; default `audit/anchors`.
    pub anchor_prefix: String,
    /// `STRONGROOM_ANCHOR_LOCK_DAYS`, 1 to 36500 days; default 2555.
    pub anchor_lock_days: u16,
    /// `STRONGROOM_ANCHOR_FILE`, a path; default `anchors.ndjson` in the data directory beside the embedded
    /// store, none beside an external one.
    pub anchor_file: Option<PathBuf>,
}

impl Audit {
    /// Whether the head of a log is kept outside, so that what it says is to wait for that.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        self.anchor_bucket.is_some() || self.anchor_file.is_some()
    }
}

pub(super) fn read(reader: &mut Reader<'_>, store: Option<&ObjectStore>) -> Option<Audit> {
    let key_days = reader.number("STRONGROOM_AUDIT_KEY_DAYS");
    let key_overlap = reader.duration("STRONGROOM_AUDIT_KEY_OVERLAP");
    let export_ttl = reader.duration("STRONGROOM_AUDIT_EXPORT_TTL");
    let prune = reader.read("STRONGROOM_AUDIT_PRUNE", truth);
    let verify_every = reader.duration("STRONGROOM_AUDIT_VERIFY_EVERY");
    let verify_full_every = reader.duration("STRONGROOM_AUDIT_VERIFY_FULL_EVERY");
    let anchor_bucket = reader.read("STRONGROOM_ANCHOR_BUCKET", bucket);
    let anchor_prefix = reader.read("STRONGROOM_ANCHOR_PREFIX", prefix);
    let anchor_lock_days = reader.number("STRONGROOM_ANCHOR_LOCK_DAYS");
    let anchor_file = reader.text("STRONGROOM_ANCHOR_FILE").map(PathBuf::from);
    let (default_bucket, default_file) = match store? {
        ObjectStore::External(external) => (Some(external.bucket.clone()), None),
        ObjectStore::Embedded(_) => (None, Some(beside(reader)?)),
    };
    Some(Audit {
        key_days: key_days?,
        key_overlap: key_overlap?,
        export_ttl: export_ttl?,
        prune: prune?,
        verify_every: verify_every?,
        verify_full_every: verify_full_every?,
        anchor_bucket: anchor_bucket.or(default_bucket),
        anchor_prefix: anchor_prefix?,
        anchor_lock_days: anchor_lock_days?,
        anchor_file: anchor_file.or(default_file),
    })
}

fn beside(reader: &Reader<'_>) -> Option<PathBuf> {
    let data_dir = reader.peek("STRONGROOM_DATA_DIR")?;
    Some(PathBuf::from(data_dir).join("anchors.ndjson"))
}

fn prefix(text: &str) -> Result<String, String> {
    let segment = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    (text.len() <= 200 && text.split('/').all(segment))
        .then(|| text.to_owned())
        .ok_or_else(|| "words separated by slashes".to_owned())
}
