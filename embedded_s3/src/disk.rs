//! The directory: where things lie, and how a record becomes durable.
//!
//! ```text
//! layout.json                                the layout's version
//! lock                                       held while a server runs
//! tmp/                                       emptied at every start
//! blobs/<xx>/<uuid>                          bytes, written once, never changed
//! objects/<bucket>/bucket.json
//! objects/<bucket>/<xx>/<sha-256 of key>.json
//! uploads/<bucket>/<upload id>/upload.json
//! uploads/<bucket>/<upload id>/<part>.json
//! ```
//!
//! No path holds a character of a key, so no key can leave the directory. A blob is complete and synced before a
//! record names it, and a record is replaced by one rename: whoever reads the directory, also after a crash, finds the
//! old object or the new one. A blob that no record names is garbage, and the next start removes it.

mod blob;
mod reader;
mod recover;
mod writer;

pub(crate) use self::blob::{Blob, Segment};
pub(crate) use self::reader::{Span, stream};
pub(crate) use self::recover::{Recovered, RecoveredBucket};
pub(crate) use self::writer::BlobWriter;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use s3s::crypto::{Checksum as _, Sha256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::StartError;

/// The layout this version writes.
const LAYOUT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Layout {
    version: u32,
}

/// An opened, locked directory.
#[derive(Debug)]
pub(crate) struct Disk {
    root: Arc<Path>,
    _lock: File,
}

impl Disk {
    /// Creates or opens `dir`, takes its lock and checks its layout.
    pub(crate) fn open(dir: &Path) -> Result<Self, StartError> {
        let at = |path: &Path| {
            let path = path.to_path_buf();
            move |source| StartError::Directory { path, source }
        };
        fs::create_dir_all(dir).map_err(at(dir))?;
        let lock = take_lock(dir)?;
        let disk = Self {
            root: dir.into(),
            _lock: lock,
        };
        disk.check_layout()?;
        for name in ["tmp", "blobs", "objects", "uploads"] {
            create_dir(&dir.join(name)).map_err(at(dir))?;
        }
        disk.create_shards(&dir.join("blobs")).map_err(at(dir))?;
        sync_dir(dir).map_err(at(dir))?;
        Ok(disk)
    }

    fn check_layout(&self) -> Result<(), StartError> {
        let path = self.root.join("layout.json");
        let at = |source| StartError::Directory {
            path: path.clone(),
            source,
        };
        let found = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return write_synced(&path, &json(&Layout { version: LAYOUT }).map_err(at)?)
                    .map_err(at);
            }
            other => other.map_err(at)?,
        };
        let layout: Layout =
            serde_json::from_slice(&found).map_err(|source| StartError::Damaged {
                path: path.clone(),
                source,
            })?;
        if layout.version > LAYOUT {
            return Err(StartError::NewerLayout {
                path,
                found: layout.version,
                known: LAYOUT,
            });
        }
        Ok(())
    }

    /// Creates the 256 directories below `parent`, so that no write has to create, and sync, one.
    fn create_shards(&self, parent: &Path) -> io::Result<()> {
        for shard in 0..=u8::MAX {
            create_dir(&parent.join(format!("{shard:02x}")))?;
        }
        sync_dir(parent)
    }

    /// Creates the places of a bucket and its record; does nothing when they exist.
    pub(crate) fn create_bucket(&self, name: &str, record: &impl Serialize) -> io::Result<()> {
        let objects = self.root.join("objects").join(name);
        create_dir(&objects)?;
        create_dir(&self.root.join("uploads").join(name))?;
        self.create_shards(&objects)?;
        self.replace(&objects.join("bucket.json"), record)?;
        sync_dir(&objects)?;
        sync_dir(&self.root.join("uploads"))?;
        sync_dir(&self.root.join("objects"))
    }

    /// Where the record of `key` lies, whether or not it exists.
    pub(crate) fn object_path(&self, bucket: &str, key: &str) -> PathBuf {
        let name = HEXLOWER.encode(&Sha256::checksum(key.as_bytes()));
        self.root
            .join("objects")
            .join(bucket)
            .join(&name[..2])
            .join(format!("{name}.json"))
    }

    /// The directory of an upload, whether or not it exists.
    pub(crate) fn upload_dir(&self, bucket: &str, id: Uuid) -> PathBuf {
        self.root
            .join("uploads")
            .join(bucket)
            .join(id.simple().to_string())
    }

    /// Puts `record` at `path` in one rename. Durable only after [`sync_parent`].
    pub(crate) fn replace(&self, path: &Path, record: &impl Serialize) -> io::Result<()> {
        let staged = self.scratch();
        let written =
            write_synced(&staged, &json(record)?).and_then(|()| fs::rename(&staged, path));
        if written.is_err() {
            discard(&staged);
        }
        written
    }

    /// Takes a directory of records away in one rename, then deletes it.
    pub(crate) fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let trash = self.scratch();
        fs::rename(path, &trash)?;
        sync_parent(path)?;
        if let Err(error) = fs::remove_dir_all(&trash) {
            tracing::warn!(%error, "a removed upload's records stay in tmp until the next start");
        }
        Ok(())
    }

    /// A new blob file, empty and unnamed by any record.
    pub(crate) fn create_blob(&self) -> io::Result<(Arc<Blob>, File)> {
        Blob::create(&self.root)
    }

    fn scratch(&self) -> PathBuf {
        self.root
            .join("tmp")
            .join(Uuid::new_v4().simple().to_string())
    }
}

fn take_lock(dir: &Path) -> Result<File, StartError> {
    let path = dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = file.map_err(|source| StartError::Directory {
        path: path.clone(),
        source,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StartError::DirectoryInUse {
            path: dir.to_path_buf(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(StartError::Directory { path, source }),
    }
}

fn json(record: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(io::Error::other)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

fn create_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// Makes the names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes the name `path` itself durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_dir)
}

/// Removes a file nobody names any more; what cannot be removed now is removed at the next start.
fn discard(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, "an unused file stays until the next start");
        }
        _ => {}
    }
}
