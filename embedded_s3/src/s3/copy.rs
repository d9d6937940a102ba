//! Copies inside the store.

use std::sync::Arc;

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource,
    MetadataDirective, Range, UploadPartCopyInput, UploadPartCopyOutput,
};
use s3s::{S3Response, S3Result, s3_error};

use super::Answer;
use super::convert::{check_key, checksum_type, description, etag, set_checksums, timestamp};
use super::multipart::{part_number, record_part};
use crate::digest::{Algorithm, Checksums};
use crate::disk::BlobWriter;
use crate::record::{ChecksumKind, ObjectRecord, now_ms};
use crate::store::{Freshness, Object, ReadCondition, Received, Store, WriteCondition, disk_fault};

/// Copies an object by naming its bytes a second time, however large it is.
pub(super) async fn object(
    store: &Arc<Store>,
    mut input: CopyObjectInput,
) -> Answer<CopyObjectOutput> {
    check_key(&input.key)?;
    let (bucket, key) = source_name(&input.copy_source)?;
    let replaces = input
        .metadata_directive
        .as_ref()
        .is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
    if !replaces && bucket == input.bucket && key == input.key {
        return Err(s3_error!(
            InvalidRequest,
            "An object can be copied onto itself only with new metadata."
        ));
    }
    let source = store.index().object(&bucket, &key)?;
    let condition = ReadCondition {
        if_match: input.copy_source_if_match.take(),
        if_none_match: input.copy_source_if_none_match.take(),
        if_modified_since: input.copy_source_if_modified_since.take(),
        if_unmodified_since: input.copy_source_if_unmodified_since.take(),
    };
    require(&condition, &source)?;
    let described = description!(input)?;
    let description = if replaces {
        described
    } else {
        source.record.description.clone()
    };
    let wanted = input
        .checksum_algorithm
        .as_ref()
        .and_then(|name| Algorithm::find(name.as_str()));
    let object = store
        .run(move |store| {
            let (checksums, checksum_kind) = checksums(&source, wanted)?;
            let record = ObjectRecord {
                key: input.key,
                modified_at: now_ms(),
                description,
                checksums,
                checksum_kind,
                upload_id: None,
                ..source.record.clone()
            };
            let object = Object::new(record, source.as_ref().as_ref().to_vec());
            store.publish(&input.bucket, object, &WriteCondition::default())
        })
        .await?;
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(result(&object)),
        ..Default::default()
    }))
}

fn result(object: &Object) -> CopyObjectResult {
    let mut result = CopyObjectResult {
        e_tag: Some(etag(&object.record.etag)),
        last_modified: Some(timestamp(object.record.modified_at)),
        ..Default::default()
    };
    set_checksums!(result, object.record.checksums);
    result.checksum_type = object.record.checksum_kind.map(checksum_type);
    result
}

/// The source's checksums, or the wanted one computed from its bytes. Blocking.
fn checksums(
    source: &Object,
    wanted: Option<Algorithm>,
) -> S3Result<(Checksums, Option<ChecksumKind>)> {
    let known = &source.record.checksums;
    let whole = source.record.checksum_kind == Some(ChecksumKind::FullObject);
    match wanted {
        Some(algorithm) if !(whole && known.find(algorithm).is_some()) => {
            let sums = hash(source, algorithm).map_err(|error| disk_fault("hash", &error))?;
            Ok((sums, Some(ChecksumKind::FullObject)))
        }
        _ => Ok((known.clone(), source.record.checksum_kind)),
    }
}

fn hash(source: &Object, algorithm: Algorithm) -> std::io::Result<Checksums> {
    let mut digester = crate::digest::Digester::new(&[algorithm]);
    let whole = Arc::new(source.as_ref().to_vec());
    let mut span = crate::disk::Span::open(whole, 0..source.record.byte_len)?;
    loop {
        let chunk = span.read()?;
        if chunk.is_empty() {
            return Ok(digester.finish().checksums);
        }
        digester.update(&chunk);
    }
}

/// Copies a range of an object into a part. The part's `ETag` is the MD5 of its bytes, so they are read.
pub(super) async fn part(
    store: &Arc<Store>,
    mut input: UploadPartCopyInput,
) -> Answer<UploadPartCopyOutput> {
    let number = part_number(input.part_number)?;
    let (bucket, key) = source_name(&input.copy_source)?;
    let upload = store
        .index()
        .upload(&input.bucket, &input.key, &input.upload_id)?;
    let source = store.index().object(&bucket, &key)?;
    let condition = ReadCondition {
        if_match: input.copy_source_if_match.take(),
        if_none_match: input.copy_source_if_none_match.take(),
        if_modified_since: input.copy_source_if_modified_since.take(),
        if_unmodified_since: input.copy_source_if_unmodified_since.take(),
    };
    require(&condition, &source)?;
    let range = source_range(&source, input.copy_source_range.as_deref())?;
    let part = store
        .run(move |store| {
            let algorithms: Vec<Algorithm> = upload.record.algorithm.into_iter().collect();
            let received = copy_bytes(store, &source, range, &algorithms)
                .map_err(|e| disk_fault("copy part", &e))?;
            let part = record_part(number, received);
            let record = part.record.clone();
            store.put_part(&input.bucket, &upload, part)?;
            Ok(record)
        })
        .await?;
    let mut result = CopyPartResult {
        e_tag: Some(etag(&part.etag)),
        last_modified: Some(timestamp(part.modified_at)),
        ..Default::default()
    };
    set_checksums!(result, part.checksums);
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        ..Default::default()
    }))
}

fn copy_bytes(
    store: &Store,
    source: &Object,
    range: std::ops::Range<u64>,
    algorithms: &[Algorithm],
) -> std::io::Result<Received> {
    let mut writer = BlobWriter::create(store.disk(), algorithms)?;
    let mut span = crate::disk::Span::open(Arc::new(source.as_ref().to_vec()), range)?;
    loop {
        let chunk = span.read()?;
        if chunk.is_empty() {
            break;
        }
        writer.write(&chunk)?;
    }
    let (digests, written) = writer.finish();
    Ok(Received {
        segment: written.sync()?,
        digests,
    })
}

/// `bytes=first-last`, both given and inside the object, as `UploadPartCopy` demands.
fn source_range(source: &Object, range: Option<&str>) -> S3Result<std::ops::Range<u64>> {
    let Some(range) = range else {
        return Ok(0..source.record.byte_len);
    };
    match Range::parse(range) {
        Ok(Range::Int {
            first,
            last: Some(last),
        }) if last < source.record.byte_len => Ok(first..last + 1),
        _ => Err(s3_error!(
            InvalidArgument,
            "x-amz-copy-source-range must be bytes=first-last inside the source."
        )),
    }
}

fn source_name(source: &CopySource) -> S3Result<(String, String)> {
    match source {
        CopySource::Bucket {
            bucket,
            key,
            version_id: None,
        } => Ok((bucket.to_string(), key.to_string())),
        _ => Err(s3_error!(
            NotImplemented,
            "A copy source must be /bucket/key, without a version."
        )),
    }
}

/// For a copy, an unchanged source is a refusal too.
fn require(condition: &ReadCondition, source: &Object) -> S3Result<()> {
    match condition.check(source)? {
        Freshness::Changed => Ok(()),
        Freshness::Unchanged => Err(s3_error!(
            PreconditionFailed,
            "The copy source has not changed."
        )),
    }
}
