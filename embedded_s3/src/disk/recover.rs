//! Reading the whole directory at start, and removing what a crash left behind.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::blob::{blob_files, blob_id};
use super::{Blob, Disk, discard};
use crate::error::StartError;
use crate::record::{BucketRecord, ObjectRecord, PartRecord, UploadRecord};

/// Everything the directory holds.
pub(crate) struct Recovered {
    pub(crate) buckets: Vec<RecoveredBucket>,
    blobs: HashMap<Uuid, Arc<Blob>>,
    root: Arc<Path>,
}

/// One bucket's records.
pub(crate) struct RecoveredBucket {
    pub(crate) record: BucketRecord,
    pub(crate) objects: Vec<ObjectRecord>,
    pub(crate) uploads: Vec<(UploadRecord, Vec<PartRecord>)>,
}

impl Recovered {
    /// The blob with this id; the same one for every record that names it.
    pub(crate) fn blob(&mut self, id: Uuid) -> Arc<Blob> {
        let root = &self.root;
        Arc::clone(
            self.blobs
                .entry(id)
                .or_insert_with(|| Arc::new(Blob::existing(root, id))),
        )
    }

    /// Deletes blobs no record named. Call it after every record has taken its blobs.
    pub(crate) fn sweep(self) -> Result<usize, StartError> {
        let dir = self.root.join("blobs");
        let files =
            blob_files(&self.root).map_err(|source| StartError::Directory { path: dir, source })?;
        let unnamed =
            |path: &&PathBuf| blob_id(path).is_none_or(|id| !self.blobs.contains_key(&id));
        let leftovers: Vec<&PathBuf> = files.iter().filter(unnamed).collect();
        leftovers.iter().for_each(|path| discard(path));
        Ok(leftovers.len())
    }
}

impl Disk {
    /// Reads every record. A damaged one stops the start: going on would delete the bytes it names.
    pub(crate) fn recover(&self) -> Result<Recovered, StartError> {
        empty_dir(&self.root.join("tmp"))?;
        let mut buckets = Vec::new();
        for dir in entries(&self.root.join("objects"))? {
            if let Some(record) = read_record(&dir.join("bucket.json"))? {
                buckets.push(self.recover_bucket(&dir, record)?);
            }
        }
        Ok(Recovered {
            buckets,
            blobs: HashMap::new(),
            root: Arc::clone(&self.root),
        })
    }

    fn recover_bucket(
        &self,
        dir: &Path,
        record: BucketRecord,
    ) -> Result<RecoveredBucket, StartError> {
        let objects = read_objects(dir)?;
        let mut uploads = Vec::new();
        for dir in entries(&self.root.join("uploads").join(&record.name))? {
            match read_record(&dir.join("upload.json"))? {
                Some(upload) => uploads.push((upload, read_parts(&dir)?)),
                // The crash came between creating the directory and its record: no client knows this upload.
                None => fs::remove_dir_all(&dir)
                    .map_err(|source| StartError::Directory { path: dir, source })?,
            }
        }
        Ok(RecoveredBucket {
            record,
            objects,
            uploads,
        })
    }
}

/// Reads the 256 shards of a bucket on all cores.
fn read_objects(dir: &Path) -> Result<Vec<ObjectRecord>, StartError> {
    let shards: Vec<PathBuf> = entries(dir)?
        .into_iter()
        .filter(|path| path.is_dir())
        .collect();
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = shards.len().div_ceil(workers).max(1);
    let results: Vec<Result<Vec<ObjectRecord>, StartError>> = thread::scope(|scope| {
        let readers: Vec<_> = shards
            .chunks(share)
            .map(|shards| scope.spawn(|| read_shards(shards)))
            .collect();
        readers
            .into_iter()
            .map(|reader| {
                reader
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    let lists: Result<Vec<_>, StartError> = results.into_iter().collect();
    Ok(lists?.into_iter().flatten().collect())
}

fn read_shards(shards: &[PathBuf]) -> Result<Vec<ObjectRecord>, StartError> {
    let mut records = Vec::new();
    for shard in shards {
        for path in entries(shard)? {
            records.extend(read_record(&path)?.map(shrink));
        }
    }
    Ok(records)
}

/// Gives back what the parser allocated ahead; the record stays in memory as long as the server runs.
fn shrink(mut record: ObjectRecord) -> ObjectRecord {
    record.key.shrink_to_fit();
    record.segments.shrink_to_fit();
    record
}

fn read_parts(dir: &Path) -> Result<Vec<PartRecord>, StartError> {
    let mut parts = Vec::new();
    for path in entries(dir)? {
        if path.file_name().is_some_and(|name| name != "upload.json") {
            parts.extend(read_record(&path)?);
        }
    }
    Ok(parts)
}

fn read_record<R: DeserializeOwned>(path: &Path) -> Result<Option<R>, StartError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(StartError::Directory {
                path: path.to_path_buf(),
                source,
            });
        }
        Ok(bytes) => bytes,
    };
    let record = serde_json::from_slice(&bytes);
    record.map(Some).map_err(|source| StartError::Damaged {
        path: path.to_path_buf(),
        source,
    })
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, StartError> {
    let list = fs::read_dir(dir).and_then(|list| {
        list.map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()
    });
    list.map_err(|source| StartError::Directory {
        path: dir.to_path_buf(),
        source,
    })
}

fn empty_dir(dir: &Path) -> Result<(), StartError> {
    for path in entries(dir)? {
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|source| StartError::Directory { path, source })?;
    }
    Ok(())
}
