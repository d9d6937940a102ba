//! Multipart uploads: parts lie beside the objects until one record makes them an object.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use s3s::{S3Result, s3_error};

use super::{Object, Store, WriteCondition, disk_fault};
use crate::disk::{Blob, Segment, sync_dir, sync_parent};
use crate::record::{PartRecord, UploadRecord};

/// An upload that has begun.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) record: UploadRecord,
    parts: Mutex<BTreeMap<u16, Arc<Part>>>,
}

/// One part, durable.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) record: PartRecord,
    pub(crate) segment: Segment,
}

impl Part {
    pub(crate) fn new(record: PartRecord, segment: Segment) -> Self {
        Self { record, segment }
    }

    pub(super) fn recover(blob: Arc<Blob>, record: PartRecord) -> Self {
        blob.name();
        let byte_len = record.byte_len;
        Self {
            record,
            segment: Segment { blob, byte_len },
        }
    }
}

impl Upload {
    pub(crate) fn new(record: UploadRecord, parts: Vec<Part>) -> Self {
        let parts = parts
            .into_iter()
            .map(|part| (part.record.number, Arc::new(part)))
            .collect();
        Self {
            record,
            parts: Mutex::new(parts),
        }
    }

    /// The parts so far, by number.
    pub(crate) fn parts(&self) -> BTreeMap<u16, Arc<Part>> {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<u16, Arc<Part>>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Begins an upload; durable when this returns.
    pub(crate) fn create_upload(&self, bucket: &str, upload: Upload) -> S3Result<()> {
        self.index().bucket(bucket)?;
        let dir = self.disk.upload_dir(bucket, upload.record.id);
        let written = std::fs::create_dir(&dir)
            .and_then(|()| self.disk.replace(&dir.join("upload.json"), &upload.record))
            .and_then(|()| sync_dir(&dir))
            .and_then(|()| sync_parent(&dir));
        written.map_err(|error| disk_fault("create upload", &error))?;
        if let Some(bucket) = self.index_mut().bucket_mut(bucket) {
            bucket.uploads.insert(
                (upload.record.key.clone(), upload.record.id),
                Arc::new(upload),
            );
        }
        Ok(())
    }

    /// Adds a part, or replaces the one with its number; durable when this returns.
    pub(crate) fn put_part(&self, bucket: &str, upload: &Upload, part: Part) -> S3Result<()> {
        let _guard = self.upload_locks.lock(&upload.record.id);
        self.require_open(bucket, upload)?;
        let path = self
            .disk
            .upload_dir(bucket, upload.record.id)
            .join(format!("{:05}.json", part.record.number));
        self.disk
            .replace(&path, &part.record)
            .map_err(|error| disk_fault("put part", &error))?;
        part.segment.blob.name();
        let old = upload.locked().insert(part.record.number, Arc::new(part));
        sync_parent(&path).map_err(|error| disk_fault("put part", &error))?;
        old.inspect(|old| old.segment.blob.unname());
        Ok(())
    }

    /// Publishes the object `assemble` makes of the upload's parts and ends the upload.
    ///
    /// A crash in between leaves the object and the upload: completing again gives the same object.
    pub(crate) fn complete_upload<F>(
        &self,
        bucket: &str,
        upload: &Upload,
        condition: &WriteCondition,
        assemble: F,
    ) -> S3Result<Arc<Object>>
    where
        F: FnOnce(&BTreeMap<u16, Arc<Part>>) -> S3Result<Object>,
    {
        let _guard = self.upload_locks.lock(&upload.record.id);
        self.require_open(bucket, upload)?;
        let object = assemble(&upload.parts())?;
        let object = self.publish(bucket, object, condition)?;
        self.end_upload(bucket, upload)?;
        Ok(object)
    }

    /// Ends an upload and deletes its parts; durable when this returns.
    pub(crate) fn abort_upload(&self, bucket: &str, upload: &Upload) -> S3Result<()> {
        let _guard = self.upload_locks.lock(&upload.record.id);
        self.require_open(bucket, upload)?;
        self.end_upload(bucket, upload)
    }

    fn end_upload(&self, bucket: &str, upload: &Upload) -> S3Result<()> {
        let dir = self.disk.upload_dir(bucket, upload.record.id);
        self.disk
            .remove_dir(&dir)
            .map_err(|error| disk_fault("end upload", &error))?;
        if let Some(bucket) = self.index_mut().bucket_mut(bucket) {
            bucket
                .uploads
                .remove(&(upload.record.key.clone(), upload.record.id));
        }
        let parts = std::mem::take(&mut *upload.locked());
        parts.values().for_each(|part| part.segment.blob.unname());
        Ok(())
    }

    /// Refuses when the upload ended between being looked up and being locked.
    fn require_open(&self, bucket: &str, upload: &Upload) -> S3Result<()> {
        let name = (upload.record.key.clone(), upload.record.id);
        let open = self.index().bucket(bucket)?.uploads.contains_key(&name);
        if open {
            Ok(())
        } else {
            Err(s3_error!(
                NoSuchUpload,
                "The specified multipart upload does not exist."
            ))
        }
    }
}
