//! The tree over a log: grown, kept and signed in the transaction that appends, so that there is never
//! an entry that no checkpoint covers.
//!
//! What is kept: the frontier in the head, full tiles, and signed checkpoints, at most one a minute
//! besides those that were handed out. Everything else of the tree follows from the entries.

mod anchor;
pub(crate) mod checkpoint;
mod collect;
pub(crate) mod cosigner;
pub(crate) mod key;
pub(crate) mod outside;
mod proof;
mod receipt;
mod recovery;
mod rotation;
pub(crate) mod tile;

use audit::{
    hash::Hash,
    merkle::{Frontier, TreeHead},
};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_head};

pub use anchor::{Anchor, HeadMark};
pub use collect::COLLECTED_AT_ONCE;
pub use outside::{Compared, Depth};
pub use proof::Provable;
pub use recovery::Recovery;
pub use rotation::RotatedKey;

use crate::{Store, StoreError, bootstrap::Deployment, conn::Conn, log::log_origin};
use key::LiveKey;

/// The entries that keys are believed by; in the words of the index over them.
pub(crate) const OF_KEYS: &str = "action IN ('audit.cosigner', 'audit.key', 'audit.key.retired')";

/// A log, as the tables name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogId {
    pub(crate) tenant: TenantId,
    pub(crate) epoch: i32,
}

/// The tree of a log whose head is locked.
#[derive(Debug)]
pub(crate) struct Tree {
    log: LogId,
    origin: String,
    keys: Vec<LiveKey>,
    /// Leaves that are in the tree and in the database.
    stored: u64,
    /// Leaves that are in the tree only.
    added: Vec<Hash>,
    frontier: Frontier,
    /// How many entries were stored before the log had a tree; 0 for one that always had.
    missing: u64,
    /// Whether the next checkpoint must outlive its minute.
    pins: bool,
}

impl Tree {
    /// The tree of a log that has nothing yet.
    pub(crate) fn empty(deployment: &Deployment, log: LogId, keys: Vec<LiveKey>) -> Self {
        Self {
            log,
            origin: log_origin(deployment, log.tenant, log.epoch),
            keys,
            stored: 0,
            added: Vec::new(),
            frontier: Frontier::empty(),
            missing: 0,
            pins: true,
        }
    }

    /// The tree behind a head; or why nothing may be signed on top of it.
    pub(crate) async fn open(
        store: &Store,
        conn: &Conn,
        head: &audit_head::Model,
    ) -> Result<Result<Self, &'static str>, StoreError> {
        let log = LogId {
            tenant: head.tenant_id,
            epoch: head.epoch,
        };
        let deployment = store.deployment_in(conn).await?;
        let live = key::live(store, conn, log, head.size).await?;
        let (keys, signed_root) = match live {
            Ok(live) => live,
            Err(cause) => return Ok(Err(cause)),
        };
        let mut tree = Self::empty(&deployment, log, keys);
        tree.pins = false;
        let size = u64::try_from(head.size).map_err(StoreError::internal)?;
        let Some(frontier) = &head.frontier else {
            tree.missing = size;
            return Ok(Ok(tree));
        };
        let Some(frontier) = Frontier::from_bytes(size, frontier) else {
            return Ok(Err("the head's frontier is not one of its size"));
        };
        if signed_root != Some(frontier.root()) {
            return Ok(Err("the tree is not the one that was signed last"));
        }
        tree.stored = size;
        tree.frontier = frontier;
        Ok(Ok(tree))
    }

    /// Builds the tree of a log that is older than trees are, a page of leaves at a time.
    pub(crate) async fn catch_up(&mut self, conn: &Conn) -> Result<(), StoreError> {
        const PAGE: u64 = 4_096;
        while self.stored < self.missing {
            let upto = self.missing.min(self.stored + PAGE);
            let leaves = tile::leaves(conn, self.log, self.stored..upto).await?;
            if leaves.len() as u64 != upto - self.stored {
                return Err(StoreError::internal("the log lacks entries below its head"));
            }
            leaves.into_iter().for_each(|leaf| self.push(leaf));
            self.write_tiles(conn).await?;
        }
        Ok(())
    }

    /// Adds the leaf of an entry that is about to be stored.
    pub(crate) fn push(&mut self, leaf: Hash) {
        self.frontier.push(leaf);
        self.added.push(leaf);
    }

    /// Keeps the next checkpoint for good.
    pub(crate) fn pin(&mut self) {
        self.pins = true;
    }

    /// Size and root.
    pub(crate) fn head(&self) -> TreeHead {
        TreeHead {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    /// The frontier as the head keeps it.
    pub(crate) fn frontier(&self) -> Vec<u8> {
        self.frontier.to_bytes()
    }

    /// Writes the tiles that are full now and the signed checkpoint; the entries must be stored already.
    pub(crate) async fn write(&mut self, conn: &Conn, at: DateTime<Utc>) -> Result<(), StoreError> {
        let before = self.stored;
        self.write_tiles(conn).await?;
        let note = checkpoint::sign(&self.origin, self.head(), &self.keys)?;
        let signed = checkpoint::Signed {
            log: self.log,
            head: self.head(),
            note,
            at,
            pinned: self.pins,
        };
        signed.record(conn, before).await
    }

    async fn write_tiles(&mut self, conn: &Conn) -> Result<(), StoreError> {
        tile::write(conn, self.log, self.stored, &self.added).await?;
        self.stored += self.added.len() as u64;
        self.added.clear();
        Ok(())
    }
}

/// A size or place of the tree as a column has it.
pub(crate) fn number(n: u64) -> Result<i64, StoreError> {
    i64::try_from(n).map_err(StoreError::internal)
}

/// As [`number`], for what is only compared and shown: a number that no column holds is as large as can be.
pub(crate) fn saturated(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
