//! Anchors in a bucket, each an object of its own that is written once.

use audit::hash::Hash;
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::{StreamExt, TryStreamExt, stream};
use store::ledger::Anchor;
use tokio::sync::OnceCell;

use super::{
    AnchorError,
    document::{Document, Newest},
};
use crate::adapter::blob::{Blob, BlobError, Keeping};

/// Anchors before the newest known one that are looked at: the database's word for which that is may be
/// old, or wrong.
const BACK: u64 = 1_000;
/// Anchors that are read at most.
const MOST: usize = 20_000;
const IN_FLIGHT: usize = 8;

/// A part of a bucket.
#[derive(Debug)]
pub(super) struct AnchorBucket {
    blob: Blob,
    prefix: String,
    lock_days: i64,
    abilities: OnceCell<Abilities>,
}

/// What the store can do, asked once.
#[derive(Debug, Clone, Copy)]
struct Abilities {
    refuses_overwriting: bool,
    locks: bool,
}

impl AnchorBucket {
    pub(super) fn new(blob: Blob, prefix: &str, lock_days: i64) -> Self {
        Self {
            blob,
            prefix: prefix.to_owned(),
            lock_days,
            abilities: OnceCell::new(),
        }
    }

    pub(super) async fn keep(
        &self,
        anchor: &Anchor,
        document: &Document,
    ) -> Result<(), AnchorError> {
        let abilities = self.abilities.get_or_try_init(|| self.ask()).await?;
        let (epoch, size) = (anchor.head.epoch, anchor.head.size);
        let key = key(&self.folder(&anchor.deployment, epoch), size);
        if !abilities.refuses_overwriting && self.find(&key).await?.is_some() {
            return self.compare(anchor, &key).await;
        }
        let bytes = Bytes::from(serde_json::to_vec(document)?);
        let until = anchor.signed_at + TimeDelta::days(self.lock_days);
        let keeping = Keeping {
            must_be_new: abilities.refuses_overwriting,
            locked_until: abilities.locks.then_some(until),
        };
        let put = self.blob.put_kept(&key, bytes, "application/json", keeping);
        match put.await {
            Err(BlobError::PreconditionFailed(_)) => self.compare(anchor, &key).await,
            kept => Ok(kept?),
        }
    }

    async fn ask(&self) -> Result<Abilities, BlobError> {
        let abilities = Abilities {
            refuses_overwriting: self.blob.refuses_overwriting(&self.prefix).await?,
            locks: self.blob.has_object_lock().await?,
        };
        let Abilities {
            refuses_overwriting,
            locks,
        } = abilities;
        tracing::info!(refuses_overwriting, locks, "anchors are kept in a bucket");
        Ok(abilities)
    }

    /// Another process may have kept the same head, perhaps with the time of another minute on its note.
    async fn compare(&self, anchor: &Anchor, key: &str) -> Result<(), AnchorError> {
        let found = self.find(key).await?;
        let found = found.as_ref().and_then(Document::checkpoint);
        let root: Option<Hash> = found.as_ref().map(|found| found.tree.root);
        let own = Document::of(anchor).checkpoint();
        if found.is_some() && found == own {
            Ok(())
        } else {
            Err(AnchorError::Fork { found: root })
        }
    }

    async fn find(&self, key: &str) -> Result<Option<Document>, AnchorError> {
        match self.blob.get_small(key).await {
            // Bytes that are no document are there all the same.
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).unwrap_or_default())),
            Err(BlobError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds what was kept in and after the epoch `anchored` to `marks`.
    pub(super) async fn read(
        &self,
        deployment: &str,
        anchored: (i32, u64),
        marks: &mut Newest,
    ) -> Result<(), AnchorError> {
        let (first, size) = anchored;
        for epoch in first.. {
            let folder = self.folder(deployment, epoch);
            let size = if epoch == first { size } else { 0 };
            let keys = self.newest_keys(&folder, size).await?;
            if keys.is_empty() && epoch > first {
                break;
            }
            // Owned keys: a closure over borrowed ones makes a future that is not known to be `Send`.
            let documents: Vec<Option<Document>> = stream::iter(keys)
                .map(|key| async move { self.find(&key).await })
                .buffer_unordered(IN_FLIGHT)
                .try_collect()
                .await?;
            for document in documents.iter().flatten() {
                document.marks().for_each(|mark| marks.add(mark));
            }
        }
        Ok(())
    }

    async fn newest_keys(&self, folder: &str, size: u64) -> Result<Vec<String>, AnchorError> {
        let after = key(folder, size.saturating_sub(BACK));
        let mut listed = self.blob.list(folder, Some(&after), MOST).await?;
        if listed.is_empty() && size > 0 {
            tracing::warn!("the newest anchor that the database knows of is not kept");
            listed = self.blob.list(folder, None, MOST).await?;
        }
        if listed.len() == MOST {
            tracing::warn!(read = MOST, "there are more anchors than are read");
        }
        Ok(listed.into_iter().map(|object| object.key).collect())
    }

    fn folder(&self, deployment: &str, epoch: i32) -> String {
        format!("{}/{deployment}/e{epoch}/", self.prefix)
    }
}

/// Padded, so that keys are in the order of sizes.
fn key(folder: &str, size: u64) -> String {
    format!("{folder}{size:016}.note")
}
