//! Opening an upload and letting it grow.

use chrono::{DateTime, Utc};
use entity::{BareId, FileId, TenantId, UploadId, file, upload};
use policy::{FileState, ObjectId, QuotaMetric, UploadState};
use sea_orm::{ConnectionTrait, DbErr, SqlErr};

use super::Opened;
use crate::{Noun, StoreError, Tx, conn::insert, system::SystemTx};

/// A file to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// System of the catalogue.
    pub system: String,
    /// Type of the catalogue.
    pub object_type: String,
    /// The customer's id.
    pub object_id: ObjectId,
    /// The cleaned name.
    pub filename: String,
    /// The name as the client gave it.
    pub display_name: String,
    /// As declared.
    pub media_type: String,
    /// As declared; zero where the length is not known.
    pub byte_len: i64,
    /// The earlier file this one supersedes.
    pub replaces: Option<FileId>,
}

/// An upload to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// The file it will fill.
    pub file: NewFile,
    /// Streamed through the server; otherwise presigned to the store.
    pub streamed: bool,
    /// What the client promises the bytes to hash to.
    pub declared_sha256: Option<[u8; 32]>,
    /// Storage to hold now.
    pub reserve_bytes: i64,
    /// When the sweeper may close it.
    pub expires_at: DateTime<Utc>,
    /// The store's id, where it is known already.
    pub multipart_id: Option<String>,
}

impl Tx {
    /// Reserves the bytes, and makes the pending file and the open upload that will fill it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no file to replace;
    /// [`StoreError::QuotaExceeded`]. Drop the transaction then: it may hold part of the work.
    pub async fn open_upload(&self, new: NewUpload) -> Result<Opened, StoreError> {
        let file = self.pending_file(new.file);
        insert(self.conn(), file.clone())
            .await
            .map_err(|error| no_such_file(error, file.replaces))?;
        let reservation_id = self
            .reserve(QuotaMetric::StorageBytes, new.reserve_bytes, new.expires_at)
            .await?;
        let upload = upload::Model {
            tenant_id: self.tenant(),
            id: UploadId::generate(),
            file_id: file.id,
            streamed: new.streamed,
            state: UploadState::Open.into(),
            multipart_id: new.multipart_id,
            declared_sha256: new.declared_sha256.map(Vec::from),
            reservation_id,
            created_at: self.now(),
            expires_at: new.expires_at,
        };
        insert(self.conn(), upload.clone()).await?;
        Ok(Opened { file, upload })
    }

    /// Holds `more` bytes for a stream that goes on, and moves the end of its time.
    ///
    /// # Errors
    /// [`StoreError::QuotaExceeded`]; [`StoreError::Conflict`] when it is not open any more.
    pub async fn extend_upload(
        &self,
        id: UploadId,
        more: i64,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let step = ("expires_at = $3", "state = 'open'");
        let Some(upload) = self.step_upload(id, step, [expires_at.into()]).await? else {
            return Err(self.not_open(id).await?);
        };
        self.extend(upload.reservation_id, more, expires_at).await
    }

    fn pending_file(&self, new: NewFile) -> file::Model {
        file::Model {
            tenant_id: self.tenant(),
            id: FileId::generate(),
            system: new.system,
            object_type: new.object_type,
            object_id: new.object_id.to_string(),
            filename: new.filename,
            display_name: new.display_name,
            media_type: new.media_type,
            byte_len: new.byte_len,
            sha256: None,
            state: FileState::Pending.into(),
            rejection: None,
            replaces: new.replaces,
            created_by_type: self.principal().kind().to_owned(),
            created_by_id: BareId(self.principal().uuid()),
            created_at: self.now(),
            updated_at: self.now(),
            trashed_at: None,
            purged_at: None,
            deleted_at: None,
        }
    }
}

/// The foreign key has the tenant in it, so another tenant's file is as unknown as a random id.
fn no_such_file(error: DbErr, replaces: Option<FileId>) -> StoreError {
    match error.sql_err() {
        Some(SqlErr::ForeignKeyConstraintViolation(_)) if replaces.is_some() => {
            StoreError::NotFound(Noun::File)
        }
        _ => error.into(),
    }
}

impl SystemTx {
    /// Remembers the store's id of an open upload, so that the sweeper can abort what it left.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such open upload.
    pub async fn set_multipart(
        &self,
        tenant: TenantId,
        upload: UploadId,
        multipart_id: &str,
    ) -> Result<(), StoreError> {
        let statement = self.conn().sql(
            "UPDATE upload SET multipart_id = $3 \
             WHERE tenant_id = $1 AND id = $2 AND state = 'open'",
            [tenant.into(), upload.into(), multipart_id.into()],
        );
        if self.conn().execute_raw(statement).await?.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::NotFound(Noun::Upload))
        }
    }
}
