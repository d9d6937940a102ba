//! Objects as use cases see them: what the store's failures mean to a client, and how to leave nothing
//! behind.

use store::upload::Leftovers;

use crate::{
    adapter::blob::{Blob, BlobError},
    error::{Code, Error},
};

/// What a failure of the object store is to a client: nothing it could have done otherwise.
pub(crate) fn failed(error: BlobError) -> Error {
    match &error {
        BlobError::TooLarge => Error::new(Code::FileTooLarge).because(error),
        BlobError::Unavailable(_) | BlobError::Full(_) => {
            Error::new(Code::Unavailable).because(error).retry_after(5)
        }
        _ => Error::internal(error),
    }
}

/// Removes whatever a broken upload may have left in the store. Harmless when run twice, and when
/// nothing is there.
///
/// # Errors
/// As the store says; then it has to be run again.
pub(crate) async fn remove(blob: &Blob, leftovers: &Leftovers) -> Result<(), BlobError> {
    if let Some(id) = &leftovers.multipart_id {
        blob.abort_multipart(&leftovers.object_key, id).await?;
    }
    remove_key(blob, &leftovers.object_key).await?;
    match &leftovers.staging_key {
        Some(key) => remove_key(blob, key).await,
        None => Ok(()),
    }
}

/// Removes one key.
///
/// An unfinished multipart upload goes first: finished between the two steps, its object would stay.
pub(crate) async fn remove_key(blob: &Blob, key: &str) -> Result<(), BlobError> {
    for multipart in blob.list_multiparts(key).await? {
        if multipart.key == key {
            blob.abort_multipart(key, &multipart.upload_id).await?;
        }
    }
    blob.delete(key).await
}
