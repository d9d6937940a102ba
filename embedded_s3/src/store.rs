//! Buckets, objects and uploads: the index in memory and the records on disk, changed together.
//!
//! Methods here block on the disk; [`Store::run`] puts them on the blocking pool, where a request that is dropped
//! half-way cannot stop them between two steps.

mod condition;
mod index;
mod object;
mod receive;
mod upload;

pub(crate) use self::condition::{Freshness, ReadCondition, WriteCondition, last_modified};
pub(crate) use self::index::{Bucket, Index};
pub(crate) use self::object::Object;
pub(crate) use self::receive::{Received, receive};
pub(crate) use self::upload::{Part, Upload};

use std::hash::{BuildHasher, Hash, RandomState};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use s3s::{S3Error, S3ErrorCode, S3Result};
use tokio_util::task::TaskTracker;

use crate::disk::Disk;
use crate::error::StartError;
use crate::record::{BucketRecord, now_ms};

/// How many changes to different keys may wait for the disk at once.
const LOCKS: usize = 64;

/// The state behind the endpoint.
#[derive(Debug)]
pub(crate) struct Store {
    disk: Disk,
    index: RwLock<Index>,
    /// Serialise changes of one key. Taken after an upload's lock, never before it.
    key_locks: Locks,
    /// Serialise changes of one upload.
    upload_locks: Locks,
    tasks: TaskTracker,
}

impl Store {
    /// Reads the directory and removes what a crash left behind. Blocking.
    pub(crate) fn open(disk: Disk, tasks: TaskTracker) -> Result<Self, StartError> {
        let mut recovered = disk.recover()?;
        let index = Index::recover(&mut recovered);
        let swept = recovered.sweep()?;
        tracing::debug!(
            objects = index.object_count(),
            swept,
            "opened the embedded object store"
        );
        Ok(Self {
            disk,
            index: RwLock::new(index),
            key_locks: Locks::default(),
            upload_locks: Locks::default(),
            tasks,
        })
    }

    /// Runs `work` on the blocking pool, to its end even if the caller goes away.
    pub(crate) async fn run<T, F>(self: &Arc<Self>, work: F) -> S3Result<T>
    where
        F: FnOnce(&Self) -> S3Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let store = Arc::clone(self);
        let done = self.tasks.spawn_blocking(move || work(&store)).await;
        done.unwrap_or_else(|error| Err(disk_fault("run", &io::Error::other(error))))
    }

    /// Creates a bucket; an existing one is left as it is.
    pub(crate) fn create_bucket(&self, name: &str) -> io::Result<()> {
        let _guard = self.key_locks.lock(&name);
        if self.index().bucket(name).is_ok() {
            return Ok(());
        }
        let record = BucketRecord {
            name: name.to_owned(),
            created_at: now_ms(),
        };
        self.disk.create_bucket(name, &record)?;
        self.index_mut().insert_bucket(record);
        Ok(())
    }

    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }
}

/// A fixed set of locks shared by any number of names.
#[derive(Debug)]
struct Locks {
    locks: [Mutex<()>; LOCKS],
    hasher: RandomState,
}

impl Default for Locks {
    fn default() -> Self {
        Self {
            locks: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        }
    }
}

impl Locks {
    fn lock(&self, name: &impl Hash) -> MutexGuard<'_, ()> {
        let slot = self.hasher.hash_one(name) % (LOCKS as u64);
        let slot = usize::try_from(slot).unwrap_or_default();
        self.locks[slot]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs a failure of the disk and answers with one a client may retry; no path reaches the client.
pub(crate) fn disk_fault(step: &'static str, error: &io::Error) -> S3Error {
    tracing::error!(step, %error, "the embedded object store's disk failed");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            S3Error::with_message(S3ErrorCode::SlowDown, "The object store's disk is full.")
        }
        _ => S3Error::with_message(
            S3ErrorCode::InternalError,
            "The object store's disk failed.",
        ),
    }
}
