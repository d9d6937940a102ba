//! Multipart uploads: beginning, filling and aborting them.

use std::sync::Arc;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};
use uuid::Uuid;

use super::Answer;
use super::convert::{check_key, checksum_type, description, etag, set_checksums};
use crate::digest::{Algorithm, Expected};
use crate::record::{ChecksumKind, PartRecord, UploadRecord, now_ms};
use crate::store::{Part, Received, Store, Upload, receive};

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
