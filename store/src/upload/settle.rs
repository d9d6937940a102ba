//! What became of an upload's bytes.

use entity::{FileId, UploadId, file, upload};
use sea_orm::{FromQueryResult, Value};

use super::Opened;
use crate::{StoreError, Tx};

/// What the bytes turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Measured.
    pub byte_len: i64,
    /// Computed by the server.
    pub sha256: [u8; 32],
    /// What the bytes say.
    pub media_type: String,
}

const READY: &str =
    "state = 'ready', byte_len = $4, sha256 = $5, media_type = $6, rejection = NULL";

impl Tx {
    /// A stream is in its place and checked: the file is ready, its measured length is used.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the upload is not open any more; [`StoreError::QuotaExceeded`]
    /// when more came than was held and does not fit. Drop the transaction then.
    pub async fn settle_streamed(
        &self,
        id: UploadId,
        settled: &Settled,
    ) -> Result<file::Model, StoreError> {
        let step = (
            "state = 'completed', multipart_id = NULL",
            "state = 'open' AND streamed",
        );
        let Some(upload) = self.step_upload(id, step, []).await? else {
            return Err(self.not_open(id).await?);
        };
        let file = self
            .step_file(
                upload.file_id,
                (READY, "state = 'pending'"),
                columns(settled),
            )
            .await?
            .ok_or_else(|| StoreError::internal("an open upload without its pending file"))?;
        self.commit_reservation(upload.reservation_id, settled.byte_len)
            .await?;
        Ok(file)
    }

    /// The bytes of a direct upload passed every check: the file is ready, its measured length used.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the file is not being verified, in
    /// particular when it was settled before; [`StoreError::QuotaExceeded`]. Drop the transaction
    /// then.
    pub async fn settle_verified(
        &self,
        id: FileId,
        settled: &Settled,
    ) -> Result<file::Model, StoreError> {
        let step = (READY, "state = 'verifying'");
        let Some(file) = self.step_file(id, step, columns(settled)).await? else {
            return Err(self.not_verifying(id).await?);
        };
        let upload = self.get_upload_of(id).await?;
        self.commit_reservation(upload.reservation_id, settled.byte_len)
            .await?;
        Ok(file)
    }

    /// The bytes of a direct upload failed a check; `cause` is a sentence for the client.
    ///
    /// # Errors
    /// As [`Self::settle_verified`].
    pub async fn reject_file(&self, id: FileId, cause: &str) -> Result<Opened, StoreError> {
        let sql = "UPDATE upload SET state = 'aborted' \
                   WHERE tenant_id = $1 AND file_id = $2 AND state = 'completed' AND EXISTS ( \
                     SELECT 1 FROM file f WHERE f.tenant_id = $1 AND f.id = $2 \
                     AND f.state = 'verifying') RETURNING *";
        let statement = self.conn().sql(sql, [self.tenant().into(), id.into()]);
        let upload = upload::Model::find_by_statement(statement)
            .one(self.conn())
            .await?;
        let Some(upload) = upload else {
            return Err(self.not_verifying(id).await?);
        };
        self.reject(upload, "state = 'verifying'", cause).await
    }

    /// An upload is broken off: its file is rejected, its reservation given back. `cause` is a
    /// sentence for the client.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not open any more.
    pub async fn abandon_upload(&self, id: UploadId, cause: &str) -> Result<Opened, StoreError> {
        let step = ("state = 'aborted'", "state = 'open'");
        let Some(upload) = self.step_upload(id, step, []).await? else {
            return Err(self.not_open(id).await?);
        };
        self.reject(upload, "state = 'pending'", cause).await
    }

    /// The file's and the ledger's side of an upload that was just closed.
    pub(super) async fn reject(
        &self,
        upload: upload::Model,
        from: &str,
        cause: &str,
    ) -> Result<Opened, StoreError> {
        let step = ("state = 'rejected', rejection = $4", from);
        let Some(file) = self.step_file(upload.file_id, step, [cause.into()]).await? else {
            return Err(self
                .wrong_file_state(upload.file_id, "it cannot be rejected")
                .await?);
        };
        self.release(upload.reservation_id).await?;
        Ok(Opened { file, upload })
    }

    async fn not_verifying(&self, id: FileId) -> Result<StoreError, StoreError> {
        self.wrong_file_state(id, "only a file being verified can be settled")
            .await
    }
}

fn columns(settled: &Settled) -> [Value; 3] {
    [
        settled.byte_len.into(),
        settled.sha256.to_vec().into(),
        settled.media_type.as_str().into(),
    ]
}
