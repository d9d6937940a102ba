//! Writing and deleting objects.

use std::sync::Arc;

use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ETagCondition, Error, PutObjectInput, PutObjectOutput,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Answer;
use super::convert::{check_key, checksum_type, description, etag, set_checksums};
use crate::digest::{Algorithm, Expected};
use crate::record::{ChecksumKind, ObjectRecord, now_ms};
use crate::store::{Object, Received, Store, WriteCondition, receive};

/// The most keys one deletion may name, as in S3.
const MAX_DELETED_KEYS: usize = 1000;

pub(super) async fn object(
    store: &Arc<Store>,
    req: S3Request<PutObjectInput>,
) -> Answer<PutObjectOutput> {
    let mut input = req.input;
    check_key(&input.key)?;
    store.index().bucket(&input.bucket)?;
    let wanted = input
        .checksum_algorithm
        .as_ref()
        .and_then(|name| Algorithm::find(name.as_str()));
    let expected = Expected::from_headers(&req.headers)?.and_compute(wanted);
    let description = description!(input)?;
    let condition = WriteCondition {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
    };
    let received = receive(store, input.body, expected, req.trailing_headers).await?;
    let object = whole(input.key, description, received);
    let object = store
        .run(move |store| store.publish(&input.bucket, object, &condition))
        .await?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&object.record.etag)),
        ..Default::default()
    };
    set_checksums!(output, object.record.checksums);
    output.checksum_type = object.record.checksum_kind.map(checksum_type);
    Ok(S3Response::new(output))
}

/// An object whose bytes arrived in one piece.
fn whole(key: String, description: crate::record::Description, received: Received) -> Object {
    let checksums = received.digests.checksums.clone();
    let record = ObjectRecord {
        key,
        byte_len: received.segment.byte_len,
        etag: received.digests.etag(),
        modified_at: now_ms(),
        segments: Vec::new(),
        description,
        checksum_kind: (!checksums.is_empty()).then_some(ChecksumKind::FullObject),
        checksums,
        upload_id: None,
    };
    Object::new(record, vec![received.segment])
}

pub(super) async fn delete(
    store: &Arc<Store>,
    input: DeleteObjectInput,
) -> Answer<DeleteObjectOutput> {
    let condition = WriteCondition {
        if_match: input.if_match,
        if_none_match: None,
    };
    store
        .run(move |store| store.remove(&input.bucket, &input.key, &condition))
        .await?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

/// Deletes each key on its own: one that fails does not stop the others.
pub(super) async fn delete_many(
    store: &Arc<Store>,
    input: DeleteObjectsInput,
) -> Answer<DeleteObjectsOutput> {
    if input.delete.objects.len() > MAX_DELETED_KEYS {
        return Err(s3_error!(
            MalformedXML,
            "At most {MAX_DELETED_KEYS} keys can be deleted at once."
        ));
    }
    store.index().bucket(&input.bucket)?;
    let quiet = input.delete.quiet.unwrap_or(false);
    let (deleted, errors) = store
        .run(move |store| Ok(remove_each(store, &input)))
        .await?;
    let deleted = (!quiet).then_some(deleted);
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted,
        errors: Some(errors),
        request_charged: None,
    }))
}

fn remove_each(store: &Store, input: &DeleteObjectsInput) -> (Vec<DeletedObject>, Vec<Error>) {
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in &input.delete.objects {
        let if_match = object.e_tag.clone().map(ETagCondition::ETag);
        let removed: S3Result<()> = store.remove(
            &input.bucket,
            &object.key,
            &WriteCondition {
                if_match,
                if_none_match: None,
            },
        );
        let key = Some(object.key.clone());
        match removed {
            Ok(()) => deleted.push(DeletedObject {
                key,
                ..Default::default()
            }),
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                key,
                message: error.message().map(str::to_owned),
                version_id: None,
            }),
        }
    }
    (deleted, errors)
}
