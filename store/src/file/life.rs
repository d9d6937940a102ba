//! Trash, restore, purge. Each is one conditional step and the move of its bytes in the ledger.

use chrono::{DateTime, Utc};
use entity::{FileId, file};
use policy::QuotaMetric;
use sea_orm::Value;

use crate::{StoreError, Tx};

/// A file that has just been purged. Its row stays, and names its object until the bytes are deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purged {
    /// The tombstone.
    pub file: file::Model,
    /// Bytes given back to the quota; none for a file that was rejected.
    pub freed_bytes: i64,
}

impl Tx {
    /// Puts a ready file into the trash.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] from any other state.
    pub async fn trash_file(&self, id: FileId) -> Result<file::Model, StoreError> {
        let step = ("state = 'trashed', trashed_at = $3", "state = 'ready'");
        let Some(file) = self.step_file(id, step, []).await? else {
            let rule = "only a ready file can be put into the trash";
            return Err(self.wrong_file_state(id, rule).await?);
        };
        self.move_to_trash(file.byte_len).await?;
        Ok(file)
    }

    /// Takes a file out of the trash, as it was.
    ///
    /// # Errors
    /// As [`Self::trash_file`].
    pub async fn restore_file(&self, id: FileId) -> Result<file::Model, StoreError> {
        let step = ("state = 'ready', trashed_at = NULL", "state = 'trashed'");
        let Some(file) = self.step_file(id, step, []).await? else {
            let rule = "only a file in the trash can be restored";
            return Err(self.wrong_file_state(id, rule).await?);
        };
        self.move_from_trash(file.byte_len).await?;
        Ok(file)
    }

    /// Purges a file that is ready, trashed or rejected: the quota is free at once, the bytes go
    /// later (see [`crate::Store::deletions_due`]).
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] from any other state.
    pub async fn purge_file(&self, id: FileId) -> Result<Purged, StoreError> {
        let condition = "state IN ('ready', 'trashed', 'rejected')";
        match self.purge(id, condition, []).await? {
            Some(purged) => Ok(purged),
            None => {
                let rule = "only a ready, trashed or rejected file can be purged";
                Err(self.wrong_file_state(id, rule).await?)
            }
        }
    }

    /// Purges a file that is still in the trash and was put there no later than `trashed_before`;
    /// none when somebody restored or purged it meanwhile.
    ///
    /// # Errors
    /// As the database says.
    pub async fn purge_from_trash(
        &self,
        id: FileId,
        trashed_before: DateTime<Utc>,
    ) -> Result<Option<Purged>, StoreError> {
        let condition = "state = 'trashed' AND trashed_at <= $4";
        self.purge(id, condition, [trashed_before.into()]).await
    }

    /// Remembers that the bytes of a purged file are gone; none when that was known.
    ///
    /// # Errors
    /// As the database says.
    pub async fn mark_deleted(&self, id: FileId) -> Result<Option<file::Model>, StoreError> {
        let step = ("deleted_at = $3", "state = 'purged' AND deleted_at IS NULL");
        self.step_file(id, step, []).await
    }

    async fn purge(
        &self,
        id: FileId,
        condition: &str,
        more: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Purged>, StoreError> {
        let step = ("state = 'purged', purged_at = $3", condition);
        let Some(file) = self.step_file(id, step, more).await? else {
            return Ok(None);
        };
        // Where it came from is still in the row: purging clears neither mark.
        let freed_bytes = if file.rejection.is_some() {
            0
        } else {
            file.byte_len
        };
        if file.trashed_at.is_some() {
            self.free_trash(freed_bytes).await?;
        } else {
            self.free(QuotaMetric::StorageBytes, freed_bytes).await?;
        }
        Ok(Some(Purged { file, freed_bytes }))
    }
}
