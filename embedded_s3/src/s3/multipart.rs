//! Multipart uploads.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};
use uuid::Uuid;

use super::Answer;
use super::convert::{
    check_key, checksum_type, declared_checksums, description, etag, set_checksums,
};
use crate::digest::{Algorithm, Checksums, Expected, composite_etag, object_checksum};
use crate::record::{ChecksumKind, ObjectRecord, PartRecord, UploadRecord, now_ms};
use crate::store::{Object, Part, Received, Store, Upload, WriteCondition, receive};

/// The least a part may hold, except the last: 5 MiB, as in S3.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;
const MAX_PART_NUMBER: u16 = 10_000;

pub(super) async fn create(
    store: &Arc<Store>,
    mut input: CreateMultipartUploadInput,
) -> Answer<CreateMultipartUploadOutput> {
    check_key(&input.key)?;
    let algorithm = input
        .checksum_algorithm
        .as_ref()
        .and_then(|name| Algorithm::find(name.as_str()));
    let checksum_kind = checksum_kind(algorithm, input.checksum_type.as_ref())?;
    let record = UploadRecord {
        id: Uuid::now_v7(),
        key: input.key.clone(),
        initiated_at: now_ms(),
        description: description!(input)?,
        algorithm,
        checksum_kind,
    };
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        checksum_algorithm: algorithm
            .map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: checksum_kind.map(checksum_type),
        key: Some(input.key),
        upload_id: Some(record.id.simple().to_string()),
        ..Default::default()
    };
    store
        .run(move |store| store.create_upload(&input.bucket, Upload::new(record, Vec::new())))
        .await?;
    Ok(S3Response::new(output))
}

/// What S3 allows: SHA checksums only of the parts' checksums, CRC-64 only of the bytes, the others either way.
fn checksum_kind(
    algorithm: Option<Algorithm>,
    wanted: Option<&ChecksumType>,
) -> S3Result<Option<ChecksumKind>> {
    let Some(algorithm) = algorithm else {
        return Ok(None);
    };
    let full = wanted.map(|wanted| wanted.as_str() == ChecksumType::FULL_OBJECT);
    match (algorithm, full) {
        (Algorithm::Crc64Nvme, None | Some(true))
        | (Algorithm::Crc32 | Algorithm::Crc32c, Some(true)) => Ok(Some(ChecksumKind::FullObject)),
        (Algorithm::Crc64Nvme, Some(false)) | (_, Some(true)) => Err(s3_error!(
            InvalidRequest,
            "{} does not go with this checksum type.",
            algorithm.name()
        )),
        (_, None | Some(false)) => Ok(Some(ChecksumKind::Composite)),
    }
}

pub(super) async fn part(
    store: &Arc<Store>,
    req: S3Request<UploadPartInput>,
) -> Answer<UploadPartOutput> {
    let input = req.input;
    let number = part_number(input.part_number)?;
    let upload = store
        .index()
        .upload(&input.bucket, &input.key, &input.upload_id)?;
    let wanted = input
        .checksum_algorithm
        .as_ref()
        .and_then(|name| Algorithm::find(name.as_str()));
    let expected = Expected::from_headers(&req.headers)?
        .and_compute(wanted)
        .and_compute(upload.record.algorithm);
    let received = receive(store, input.body, expected, req.trailing_headers).await?;
    let part = record_part(number, received);
    let mut output = UploadPartOutput {
        e_tag: Some(etag(&part.record.etag)),
        ..Default::default()
    };
    set_checksums!(output, part.record.checksums);
    store
        .run(move |store| store.put_part(&input.bucket, &upload, part))
        .await?;
    Ok(S3Response::new(output))
}

pub(super) fn part_number(number: i32) -> S3Result<u16> {
    let number = u16::try_from(number)
        .ok()
        .filter(|number| (1..=MAX_PART_NUMBER).contains(number));
    number.ok_or_else(|| {
        s3_error!(
            InvalidArgument,
            "Part numbers run from 1 to {MAX_PART_NUMBER}."
        )
    })
}

pub(super) fn record_part(number: u16, received: Received) -> Part {
    let record = PartRecord {
        number,
        blob: received.segment.blob.id(),
        byte_len: received.segment.byte_len,
        etag: received.digests.etag(),
        modified_at: now_ms(),
        checksums: received.digests.checksums,
    };
    Part::new(record, received.segment)
}

pub(super) async fn abort(
    store: &Arc<Store>,
    input: AbortMultipartUploadInput,
) -> Answer<AbortMultipartUploadOutput> {
    let upload = store
        .index()
        .upload(&input.bucket, &input.key, &input.upload_id)?;
    store
        .run(move |store| store.abort_upload(&input.bucket, &upload))
        .await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

/// Makes the named parts an object. Nothing is copied: the object's record names the parts' bytes in order.
pub(super) async fn complete(
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
    let mut checksums = Checksums::default();
    let (Some(algorithm), Some(kind)) = (upload.algorithm, upload.checksum_kind) else {
        return Ok(checksums);
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
    checksums.insert(algorithm, value);
    Ok(checksums)
}

/// A composite value may be declared with or without its count.
fn equal(declared: &str, computed: &str) -> bool {
    declared == computed
        || computed
            .rsplit_once('-')
            .is_some_and(|(value, _)| value == declared)
}
