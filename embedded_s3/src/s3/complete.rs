//! Completing a multipart upload.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::dto::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart};
use s3s::{S3Response, S3Result, s3_error};
use uuid::Uuid;

use super::Answer;
use super::convert::{checksum_type, declared_checksums, etag, set_checksums};
use crate::digest::{Algorithm, Checksums, composite_etag, object_checksum};
use crate::record::{ObjectRecord, UploadRecord, now_ms};
use crate::store::{Object, Part, Store, WriteCondition};

/// The least a part may hold, except the last: 5 MiB, as in S3.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

/// Makes the named parts an object. Nothing is copied: the object's record names the parts' bytes in order.
pub(super) async fn upload(
    store: &Arc<Store>,
    input: CompleteMultipartUploadInput,
) -> Answer<CompleteMultipartUploadOutput> {
    if let Some(object) = already_completed(store, &input) {
        return Ok(S3Response::new(completed(&input.bucket, &object)));
    }
    let upload = store
        .index()
        .upload(&input.bucket, &input.key, &input.upload_id)?;
    let bucket = input.bucket.clone();
    let object = store
        .run(move |store| {
            let condition = WriteCondition {
                if_match: input.if_match.clone(),
                if_none_match: input.if_none_match.clone(),
            };
            store.complete_upload(&input.bucket, &upload, &condition, |parts| {
                assemble(&upload.record, parts, &input)
            })
        })
        .await?;
    Ok(S3Response::new(completed(&bucket, &object)))
}

/// The object an earlier completion of the same upload made: the client may have lost that answer.
fn already_completed(store: &Store, input: &CompleteMultipartUploadInput) -> Option<Arc<Object>> {
    let index = store.index();
    if index
        .upload(&input.bucket, &input.key, &input.upload_id)
        .is_ok()
    {
        return None;
    }
    let id = Uuid::try_parse(&input.upload_id).ok()?;
    index
        .object(&input.bucket, &input.key)
        .ok()
        .filter(|object| object.record.upload_id == Some(id))
}

fn completed(bucket: &str, object: &Object) -> CompleteMultipartUploadOutput {
    let mut output = CompleteMultipartUploadOutput {
        bucket: Some(bucket.to_owned()),
        e_tag: Some(etag(&object.record.etag)),
        key: Some(object.record.key.clone()),
        location: Some(format!("/{bucket}/{}", object.record.key)),
        ..Default::default()
    };
    set_checksums!(output, object.record.checksums);
    output.checksum_type = object.record.checksum_kind.map(checksum_type);
    output
}

fn assemble(
    upload: &UploadRecord,
    parts: &BTreeMap<u16, Arc<Part>>,
    input: &CompleteMultipartUploadInput,
) -> S3Result<Object> {
    let chosen = choose(parts, input)?;
    let (last, others) = chosen
        .split_last()
        .ok_or_else(|| s3_error!(MalformedXML, "At least one part is needed."))?;
    if others
        .iter()
        .any(|part| part.record.byte_len < MIN_PART_BYTES)
    {
        return Err(s3_error!(
            EntityTooSmall,
            "Every part but the last must hold at least {MIN_PART_BYTES} bytes."
        ));
    }
    let byte_len: u64 = others
        .iter()
        .chain([last])
        .map(|part| part.record.byte_len)
        .sum();
    if input
        .mpu_object_size
        .is_some_and(|size| u64::try_from(size) != Ok(byte_len))
    {
        return Err(s3_error!(
            InvalidRequest,
            "The parts do not add up to the declared object size."
        ));
    }
    let etag = composite_etag(chosen.iter().map(|part| part.record.etag.as_str()));
    let record = ObjectRecord {
        key: upload.key.clone(),
        byte_len,
        etag: etag.ok_or_else(|| s3_error!(InternalError, "A part's record is damaged."))?,
        modified_at: now_ms(),
        segments: Vec::new(),
        description: upload.description.clone(),
        checksums: checksums(upload, &chosen, input)?,
        checksum_kind: upload.checksum_kind,
        upload_id: Some(upload.id),
    };
    Ok(Object::new(
        record,
        chosen.iter().map(|part| part.segment.clone()).collect(),
    ))
}

/// The parts the client names, which must exist as named and ascend.
fn choose(
    parts: &BTreeMap<u16, Arc<Part>>,
    input: &CompleteMultipartUploadInput,
) -> S3Result<Vec<Arc<Part>>> {
    let named = input
        .multipart_upload
        .as_ref()
        .and_then(|upload| upload.parts.as_deref())
        .unwrap_or_default();
    let mut chosen: Vec<Arc<Part>> = Vec::with_capacity(named.len());
    for named in named {
        let number = named
            .part_number
            .and_then(|number| u16::try_from(number).ok());
        let part = number
            .and_then(|number| parts.get(&number))
            .filter(|part| is_same(part, named));
        let part = part
            .ok_or_else(|| s3_error!(InvalidPart, "A named part does not exist or has changed."))?;
        if chosen
            .last()
            .is_some_and(|before| before.record.number >= part.record.number)
        {
            return Err(s3_error!(
                InvalidPartOrder,
                "The parts must be named in ascending order."
            ));
        }
        chosen.push(Arc::clone(part));
    }
    Ok(chosen)
}

fn is_same(part: &Part, named: &CompletedPart) -> bool {
    let same_etag = named
        .e_tag
        .as_ref()
        .is_some_and(|etag| etag.value() == part.record.etag);
    let same_sum = |(algorithm, value): (Algorithm, Option<&str>)| {
        value.is_none_or(|value| {
            part.record
                .checksums
                .find(algorithm)
                .is_none_or(|stored| stored == value)
        })
    };
    same_etag && declared_checksums!(named).into_iter().all(same_sum)
}

fn checksums(
    upload: &UploadRecord,
    parts: &[Arc<Part>],
    input: &CompleteMultipartUploadInput,
) -> S3Result<Checksums> {
    let (Some(algorithm), Some(kind)) = (upload.algorithm, upload.checksum_kind) else {
        return Ok(Checksums::default());
    };
    let values: Option<Vec<(&str, u64)>> = parts
        .iter()
        .map(|part| Some((part.record.checksums.find(algorithm)?, part.record.byte_len)))
        .collect();
    let value = values.and_then(|values| object_checksum(algorithm, kind, &values));
    let value = value
        .ok_or_else(|| s3_error!(InvalidPart, "A part has no {} checksum.", algorithm.name()))?;
    let declared = declared_checksums!(input)
        .into_iter()
        .find(|(name, _)| *name == algorithm)
        .and_then(|(_, v)| v);
    if declared.is_some_and(|declared| !equal(declared, &value)) {
        return Err(s3_error!(
            BadDigest,
            "The {} you specified did not match the parts.",
            algorithm.name()
        ));
    }
    Ok([(algorithm, value)].into_iter().collect())
}

/// A composite value may be declared with or without its count.
fn equal(declared: &str, computed: &str) -> bool {
    declared == computed
        || computed
            .rsplit_once('-')
            .is_some_and(|(value, _)| value == declared)
}
