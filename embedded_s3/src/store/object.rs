//! Publishing and removing objects.

use std::fs;
use std::io::ErrorKind;
use std::sync::Arc;

use s3s::S3Result;

use super::{Store, WriteCondition, disk_fault};
use crate::disk::{Blob, Segment, sync_parent};
use crate::record::ObjectRecord;

/// One version of an object: immutable, so whoever holds it sees matching bytes, `ETag` and metadata.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) record: ObjectRecord,
    segments: Box<[Segment]>,
}

impl AsRef<[Segment]> for Object {
    fn as_ref(&self) -> &[Segment] {
        &self.segments
    }
}

impl Object {
    /// An object not published yet; fills in the record's segments and length.
    pub(crate) fn new(record: ObjectRecord, segments: Vec<Segment>) -> Self {
        let byte_len = segments.iter().map(|segment| segment.byte_len).sum();
        let listed = segments.iter().map(Segment::record).collect();
        Self {
            record: ObjectRecord {
                byte_len,
                segments: listed,
                ..record
            },
            segments: segments.into(),
        }
    }

    /// An object whose record was found on disk, with its blobs in the record's order.
    pub(super) fn recover(record: ObjectRecord, blobs: Vec<Arc<Blob>>) -> Self {
        let lengths = record.segments.iter().map(|segment| segment.byte_len);
        let segments = blobs
            .into_iter()
            .zip(lengths)
            .map(|(blob, byte_len)| Segment { blob, byte_len })
            .collect();
        let object = Self { record, segments };
        object.name_blobs();
        object
    }

    fn name_blobs(&self) {
        self.segments.iter().for_each(|segment| segment.blob.name());
    }

    fn unname_blobs(&self) {
        self.segments
            .iter()
            .for_each(|segment| segment.blob.unname());
    }
}

impl Store {
    /// Makes `object` what its key holds, if `condition` allows; returns after it is durable.
    ///
    /// Concurrent writers of one key take turns; the last one stays.
    pub(crate) fn publish(
        &self,
        bucket: &str,
        object: Object,
        condition: &WriteCondition,
    ) -> S3Result<Arc<Object>> {
        let _guard = self.key_locks.lock(&(bucket, &object.record.key));
        let current = self
            .index()
            .bucket(bucket)?
            .objects
            .get(object.record.key.as_str())
            .cloned();
        condition.check(current.as_deref())?;
        let path = self.disk.object_path(bucket, &object.record.key);
        self.disk
            .replace(&path, &object.record)
            .map_err(|error| disk_fault("publish", &error))?;
        let object = Arc::new(object);
        object.name_blobs();
        self.insert(bucket, &object);
        // The old bytes may go only when no crash can bring the old record back.
        sync_parent(&path).map_err(|error| disk_fault("publish", &error))?;
        current.inspect(|old| old.unname_blobs());
        Ok(object)
    }

    fn insert(&self, bucket: &str, object: &Arc<Object>) {
        if let Some(bucket) = self.index_mut().bucket_mut(bucket) {
            bucket
                .objects
                .insert(object.record.key.as_str().into(), Arc::clone(object));
        }
    }

    /// Deletes what `key` holds; nothing there is success, as in S3.
    pub(crate) fn remove(
        &self,
        bucket: &str,
        key: &str,
        condition: &WriteCondition,
    ) -> S3Result<()> {
        let _guard = self.key_locks.lock(&(bucket, key));
        let current = self.index().bucket(bucket)?.objects.get(key).cloned();
        condition.check(current.as_deref())?;
        let Some(current) = current else {
            return Ok(());
        };
        let path = self.disk.object_path(bucket, key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(disk_fault("remove", &error));
            }
            _ => {}
        }
        if let Some(bucket) = self.index_mut().bucket_mut(bucket) {
            bucket.objects.remove(key);
        }
        sync_parent(&path).map_err(|error| disk_fault("remove", &error))?;
        current.unname_blobs();
        Ok(())
    }
}
