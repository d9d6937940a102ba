//! What exists, in memory, ordered as S3 lists it.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::{S3Result, s3_error};
use uuid::Uuid;

use super::{Object, Part, Upload};
use crate::disk::{Recovered, RecoveredBucket};
use crate::record::BucketRecord;

/// All buckets by name.
#[derive(Debug, Default)]
pub(crate) struct Index {
    buckets: BTreeMap<String, Bucket>,
}

/// One bucket. Rust compares `str` by bytes, which is the order S3 lists keys in.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) record: BucketRecord,
    pub(crate) objects: BTreeMap<Box<str>, Arc<Object>>,
    pub(crate) uploads: BTreeMap<(String, Uuid), Arc<Upload>>,
}

impl Index {
    pub(super) fn recover(recovered: &mut Recovered) -> Self {
        let mut index = Self::default();
        for bucket in std::mem::take(&mut recovered.buckets) {
            let bucket = Bucket::recover(bucket, recovered);
            index.buckets.insert(bucket.record.name.clone(), bucket);
        }
        index
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = &Bucket> {
        self.buckets.values()
    }

    pub(crate) fn bucket(&self, name: &str) -> S3Result<&Bucket> {
        self.buckets
            .get(name)
            .ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist."))
    }

    pub(crate) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        let found = self.bucket(bucket)?.objects.get(key);
        found
            .cloned()
            .ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
    }

    pub(crate) fn upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<Arc<Upload>> {
        let id = Uuid::try_parse(id).ok();
        let found = id.and_then(|id| self.buckets.get(bucket)?.uploads.get(&(key.to_owned(), id)));
        found.cloned().ok_or_else(|| {
            s3_error!(
                NoSuchUpload,
                "The specified multipart upload does not exist."
            )
        })
    }

    pub(super) fn object_count(&self) -> usize {
        self.buckets
            .values()
            .map(|bucket| bucket.objects.len())
            .sum()
    }

    pub(super) fn insert_bucket(&mut self, record: BucketRecord) {
        let bucket = Bucket {
            record,
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
        };
        self.buckets.insert(bucket.record.name.clone(), bucket);
    }

    pub(super) fn bucket_mut(&mut self, name: &str) -> Option<&mut Bucket> {
        self.buckets.get_mut(name)
    }
}

impl Bucket {
    fn recover(found: RecoveredBucket, recovered: &mut Recovered) -> Self {
        let objects = found.objects.into_iter().map(|record| {
            let blobs = record
                .segments
                .iter()
                .map(|segment| recovered.blob(segment.blob))
                .collect();
            let object = Object::recover(record, blobs);
            (object.record.key.as_str().into(), Arc::new(object))
        });
        let objects = objects.collect();
        let uploads = found.uploads.into_iter().map(|(record, parts)| {
            let parts = parts
                .into_iter()
                .map(|part| Part::recover(recovered.blob(part.blob), part))
                .collect();
            (
                (record.key.clone(), record.id),
                Arc::new(Upload::new(record, parts)),
            )
        });
        Self {
            record: found.record,
            objects,
            uploads: uploads.collect(),
        }
    }
}
