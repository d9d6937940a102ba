//! Where the heads of logs are kept outside the database: a bucket, a file, or both.
//!
//! Both get the same document: the system log's signed checkpoint and the heads that it covers. Nothing
//! is ever replaced there. What is found in a place that should be empty is compared: the same head was
//! kept by another process, another head means that the log has forked.

mod bucket;
mod document;
mod file;

use std::sync::atomic::{AtomicBool, Ordering};

use audit::hash::Hash;
use store::ledger::{Anchor, HeadMark};

use self::{bucket::AnchorBucket, document::Document, file::AnchorFile};
use super::blob::{Blob, BlobError};
use crate::config::Config;

/// Everywhere that anchors are kept.
#[derive(Debug)]
pub struct Anchors {
    bucket: Option<AnchorBucket>,
    file: Option<AnchorFile>,
    alarmed: AtomicBool,
}

/// Why an anchor is not kept.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// Another head is kept for that size, or a larger one was before.
    #[error("what is kept outside of the system log is another log")]
    Fork {
        /// The root there; `None` when what is there is no checkpoint.
        found: Option<Hash>,
    },
    /// The object store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The file.
    #[error("the file of anchors cannot be used")]
    File(#[from] std::io::Error),
    /// A fault of this process.
    #[error("the anchor cannot be written down")]
    Document(#[from] serde_json::Error),
}

impl Anchors {
    /// Prepares what is configured; nothing is opened or sent.
    #[must_use]
    pub fn new(config: &Config, blob: &Blob) -> Self {
        let audit = &config.audit;
        let bucket = audit.anchor_bucket.as_ref().map(|bucket| {
            let lock_days = audit.anchor_lock_days.into();
            AnchorBucket::new(blob.in_bucket(bucket), &audit.anchor_prefix, lock_days)
        });
        Self {
            bucket,
            file: audit.anchor_file.clone().map(AnchorFile::new),
            alarmed: AtomicBool::new(false),
        }
    }

    /// Keeps an anchor everywhere. Harmless when it is kept already.
    ///
    /// # Errors
    /// [`AnchorError::Fork`] where something else is kept; the other places are tried all the same.
    pub async fn keep(&self, anchor: &Anchor) -> Result<(), AnchorError> {
        let document = Document::of(anchor);
        let in_file = match &self.file {
            Some(file) => file.keep(anchor, &document).await,
            None => Ok(()),
        };
        if let Some(bucket) = &self.bucket {
            bucket.keep(anchor, &document).await?;
        }
        in_file
    }

    /// How far logs are known to have been: everything in the file, and of the bucket what was kept after
    /// `anchored` (epoch and size of the system log's newest anchor, as the database has it) and some before.
    /// Of several marks of one log and epoch the largest.
    ///
    /// A line or object that is no anchor is passed over and logged.
    ///
    /// # Errors
    /// When a place cannot be read.
    pub async fn marks(
        &self,
        deployment: &str,
        anchored: (i32, u64),
    ) -> Result<Vec<HeadMark>, AnchorError> {
        let mut marks = document::Newest::default();
        if let Some(file) = &self.file {
            file.read(&mut marks).await?;
        }
        if let Some(bucket) = &self.bucket {
            bucket.read(deployment, anchored, &mut marks).await?;
        }
        Ok(marks.into_vec())
    }

    /// Whether this is the first alarm of this process: one entry in the log says enough.
    pub fn is_first_alarm(&self) -> bool {
        !self.alarmed.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
