//! Where the heads of logs are kept outside the database: a bucket, a file, or both.
//!
//! Both get the same document: the system log's signed checkpoint and the heads that it covers. Nothing
//! is ever replaced there. What is found in a place that should be empty is compared: the same head was
//! kept by another process, another head means that the log has forked.

mod bucket;
mod document;
mod file;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use audit::{hash::Hash, merkle::TreeHead};
use entity::TenantId;
use store::{
    ledger::{Anchor, HeadMark},
    verify::{Keeper, Kept},
};

use self::{bucket::AnchorBucket, document::Document, file::AnchorFile};
use super::blob::{Blob, BlobError};
use crate::config::Config;

/// Everywhere that anchors are kept.
#[derive(Debug)]
pub struct Anchors {
    bucket: Option<AnchorBucket>,
    file: Option<AnchorFile>,
    alarmed: AtomicBool,
    /// What this process has read there, or put there.
    known: Mutex<document::Newest>,
    keeper: Keeper,
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
            ..Self::in_file(config)
        }
    }

    /// As [`Self::new`], where no bucket is configured: there is no object store to ask.
    #[must_use]
    pub fn in_file(config: &Config) -> Self {
        Self {
            bucket: None,
            file: config.audit.anchor_file.clone().map(AnchorFile::new),
            alarmed: AtomicBool::new(false),
            known: Mutex::default(),
            keeper: keeper(config),
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
        in_file?;
        let mut known = self.known();
        anchor.logs.iter().for_each(|mark| known.add(*mark));
        Ok(())
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
            file.read(deployment, &mut marks).await?;
        }
        if let Some(bucket) = &self.bucket {
            bucket.read(deployment, anchored, &mut marks).await?;
        }
        let mut known = self.known();
        marks.iter().for_each(|mark| known.add(mark));
        Ok(marks.into_vec())
    }

    /// The heads of one log that this process knows to be kept: all that [`Self::marks`] has read and
    /// [`Self::keep`] has kept. Asks nobody.
    pub fn known_of(&self, tenant: TenantId) -> Vec<Kept> {
        let by = self.keeper;
        let kept = |mark: HeadMark| Kept {
            epoch: mark.epoch,
            tree: TreeHead {
                size: mark.size,
                root: mark.root,
            },
            by,
            at_micros: None,
        };
        self.known().of(tenant).map(kept).collect()
    }

    /// All heads that this process knows to be kept. Asks nobody.
    pub fn known_marks(&self) -> Vec<HeadMark> {
        self.known().iter().collect()
    }

    fn known(&self) -> MutexGuard<'_, document::Newest> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is the first alarm of this process: one entry in the log says enough.
    pub fn is_first_alarm(&self) -> bool {
        !self.alarmed.swap(true, Ordering::Relaxed)
    }
}

/// What lies in the data directory is lost and rewritten together with the database.
fn keeper(config: &Config) -> Keeper {
    let audit = &config.audit;
    let is_apart = |file: &std::path::PathBuf| !file.starts_with(&config.server.data_dir);
    if audit.anchor_bucket.is_some() || audit.anchor_file.as_ref().is_some_and(is_apart) {
        Keeper::Anchor
    } else {
        Keeper::Beside
    }
}

#[cfg(test)]
mod tests;
