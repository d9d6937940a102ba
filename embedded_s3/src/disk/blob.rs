//! Immutable runs of bytes, shared by the records that name them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use uuid::Uuid;

use super::discard;
use crate::record::SegmentRecord;

/// A file of bytes that is deleted when no record names it and nobody reads it any more.
///
/// A request that fails or is dropped half-way drops its blob before any record named it: the bytes go with it. A
/// download holds its blobs, so an object that is replaced or deleted meanwhile is still read to its end.
#[derive(Debug)]
pub(crate) struct Blob {
    id: Uuid,
    root: Arc<Path>,
    /// How many durable records name this blob.
    records: AtomicUsize,
}

impl Blob {
    pub(super) fn create(root: &Arc<Path>) -> io::Result<(Arc<Self>, File)> {
        let blob = Self::existing(root, Uuid::new_v4());
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(blob.path())?;
        Ok((Arc::new(blob), file))
    }

    /// A blob that lies on disk already. Name it before it is dropped, or it is deleted.
    pub(super) fn existing(root: &Arc<Path>, id: Uuid) -> Self {
        Self {
            id,
            root: Arc::clone(root),
            records: AtomicUsize::new(0),
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Opens the bytes for reading.
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(self.path())
    }

    /// A record that names this blob has been published.
    pub(crate) fn name(&self) {
        self.records.fetch_add(1, Ordering::AcqRel);
    }

    /// A record that named this blob is durably gone.
    pub(crate) fn unname(&self) {
        self.records.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn path(&self) -> PathBuf {
        let name = self.id.simple().to_string();
        self.root.join("blobs").join(&name[30..]).join(name)
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if *self.records.get_mut() == 0 {
            discard(&self.path());
        }
    }
}

/// A blob and how many bytes it holds.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) blob: Arc<Blob>,
    pub(crate) byte_len: u64,
}

impl Segment {
    pub(crate) fn record(&self) -> SegmentRecord {
        SegmentRecord {
            blob: self.blob.id(),
            byte_len: self.byte_len,
        }
    }
}

/// The blob's id, when `path` is named like one.
pub(super) fn blob_id(path: &Path) -> Option<Uuid> {
    Uuid::try_parse(path.file_name()?.to_str()?).ok()
}

/// Every file below `blobs/`.
pub(super) fn blob_files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for shard in fs::read_dir(root.join("blobs"))? {
        for file in fs::read_dir(shard?.path())? {
            files.push(file?.path());
        }
    }
    Ok(files)
}
