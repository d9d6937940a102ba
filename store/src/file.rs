//! Files: where their bytes are, how they are found, and the steps of their life.

mod due;
mod life;
mod list;
mod principals;

use entity::{FileId, TenantId, UploadId, file};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, Value};

use crate::{ConflictCode, Noun, StoreError, Tx, tx::Scope};

pub use due::{TrashCutoff, TrashCutoffs};
pub use life::Purged;
pub use list::FileFilter;

/// Where a file's bytes are, or will be: `{tenant}/{system}/{objectType}/{objectId}/{file}/{filename}`.
///
/// Made from the row alone, so that no client's text and no other tenant's id can lead elsewhere.
#[must_use]
pub fn object_key(file: &file::Model) -> String {
    format!(
        "{}/{}/{}/{}/{}/{}",
        file.tenant_id.uuid(),
        file.system,
        file.object_type,
        file.object_id,
        file.id.uuid(),
        file.filename
    )
}

/// Where a client puts the bytes of a direct upload: `staging/{tenant}/{upload}`.
#[must_use]
pub fn staging_key(tenant: TenantId, upload: UploadId) -> String {
    format!("staging/{}/{}", tenant.uuid(), upload.uuid())
}

impl Scope {
    /// The tenant's file with that id, whatever its state.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_file(&self, id: FileId) -> Result<Option<file::Model>, StoreError> {
        Ok(self
            .find::<file::Entity>()
            .filter(file::Column::Id.eq(id))
            .one(self.conn())
            .await?)
    }

    /// As [`Self::find_file`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_file(&self, id: FileId) -> Result<file::Model, StoreError> {
        self.find_file(id)
            .await?
            .ok_or(StoreError::NotFound(Noun::File))
    }
}

impl Tx {
    /// One conditional step: the row after it, or none when the condition did not hold. `$1` is the
    /// tenant, `$2` the file, `$3` now.
    pub(crate) async fn step_file(
        &self,
        id: FileId,
        set_and_where: (&str, &str),
        more: impl IntoIterator<Item = Value>,
    ) -> Result<Option<file::Model>, StoreError> {
        let (set, condition) = set_and_where;
        let sql = format!(
            "UPDATE file SET updated_at = $3, {set} \
             WHERE tenant_id = $1 AND id = $2 AND {condition} RETURNING *"
        );
        let mut values: Vec<Value> = vec![self.tenant().into(), id.into(), self.now().into()];
        values.extend(more);
        let statement = self.conn().sql(&sql, values);
        Ok(file::Model::find_by_statement(statement)
            .one(self.conn())
            .await?)
    }

    /// Why a step did not happen: there is no such file, or its state has no such step.
    pub(crate) async fn wrong_file_state(
        &self,
        id: FileId,
        rule: &str,
    ) -> Result<StoreError, StoreError> {
        Ok(match self.find_file(id).await? {
            None => StoreError::NotFound(Noun::File),
            Some(file) => StoreError::conflict(
                ConflictCode::InvalidState,
                format!("the file is {}; {rule}", file.state.0),
            ),
        })
    }
}
