//! Uploads: the ways in for a file's bytes.
//!
//! An upload owns its file until it is settled and its reservation for as long: nothing else ends
//! either. Rows are locked in one order: upload, file, reservation, counter.
//!
//! The store's side of a broken upload is removed *before* the step here that closes it. The other
//! way round, a crash between the two would leave bytes that no row leads to; this way it leaves a
//! row that the sweeper or the job finds again, and removing twice is harmless.

mod complete;
mod open;
mod settle;
mod sweep;

use entity::{UploadId, file, upload};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, Value};

use crate::{
    ConflictCode, Noun, StoreError, Tx,
    file::{object_key, staging_key},
    tx::Scope,
};

pub use complete::Completed;
pub use open::{NewFile, NewUpload};
pub use settle::Settled;

/// An upload and the file it fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The file.
    pub file: file::Model,
    /// The way in.
    pub upload: upload::Model,
}

/// What a broken upload may have left in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftovers {
    /// Where the file's bytes would have stood, and where an open multipart upload of a streamed
    /// one is.
    pub object_key: String,
    /// Where the client of a direct upload may have put them.
    pub staging_key: Option<String>,
    /// The store's id of a multipart upload that may still be open.
    pub multipart_id: Option<String>,
}

impl Opened {
    /// What has to be removed from the store when this upload is broken off.
    #[must_use]
    pub fn leftovers(&self) -> Leftovers {
        Leftovers {
            object_key: object_key(&self.file),
            staging_key: (!self.upload.streamed)
                .then(|| staging_key(self.upload.tenant_id, self.upload.id)),
            multipart_id: self.upload.multipart_id.clone(),
        }
    }
}

impl Scope {
    /// The tenant's upload with that id.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_upload(&self, id: UploadId) -> Result<Option<upload::Model>, StoreError> {
        Ok(self
            .find::<upload::Entity>()
            .filter(upload::Column::Id.eq(id))
            .one(self.conn())
            .await?)
    }

    /// As [`Self::find_upload`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_upload(&self, id: UploadId) -> Result<upload::Model, StoreError> {
        self.find_upload(id)
            .await?
            .ok_or(StoreError::NotFound(Noun::Upload))
    }

    /// The upload that fills, or filled, a file.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_upload_of(&self, file: entity::FileId) -> Result<upload::Model, StoreError> {
        self.find::<upload::Entity>()
            .filter(upload::Column::FileId.eq(file))
            .one(self.conn())
            .await?
            .ok_or(StoreError::NotFound(Noun::Upload))
    }
}

impl Tx {
    /// One conditional step: the row after it, or none when the condition did not hold. `$1` is the
    /// tenant, `$2` the upload.
    async fn step_upload(
        &self,
        id: UploadId,
        set_and_where: (&str, &str),
        more: impl IntoIterator<Item = Value>,
    ) -> Result<Option<upload::Model>, StoreError> {
        let (set, condition) = set_and_where;
        let sql = format!(
            "UPDATE upload SET {set} WHERE tenant_id = $1 AND id = $2 AND {condition} RETURNING *"
        );
        let mut values: Vec<Value> = vec![self.tenant().into(), id.into()];
        values.extend(more);
        let statement = self.conn().sql(&sql, values);
        Ok(upload::Model::find_by_statement(statement)
            .one(self.conn())
            .await?)
    }

    /// Why an upload is not open.
    async fn not_open(&self, id: UploadId) -> Result<StoreError, StoreError> {
        Ok(match self.find_upload(id).await? {
            None => StoreError::NotFound(Noun::Upload),
            Some(upload) => closed(&upload),
        })
    }
}

fn closed(upload: &upload::Model) -> StoreError {
    use policy::UploadState::{Aborted, Completed, Expired, Open};
    let (code, state) = match upload.state.0 {
        Expired | Open => (ConflictCode::Expired, "expired"),
        Completed => (ConflictCode::InvalidState, "completed"),
        Aborted => (ConflictCode::InvalidState, "aborted"),
    };
    StoreError::conflict(code, format!("the upload is {state}; create another one"))
}
