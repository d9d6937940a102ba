//! Closing uploads that nobody completed.

use chrono::{DateTime, Utc};
use entity::{UploadId, upload};
use sea_orm::FromQueryResult;

use super::Opened;
use crate::{Store, StoreError, Tx};

const CAUSE: &str = "the upload was not completed in time";

impl Store {
    /// Up to `limit` open uploads of all tenants whose time was over at `now`, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn expired_uploads(
        &self,
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<upload::Model>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let sql = format!(
            "SELECT * FROM upload WHERE state = 'open' AND expires_at <= $1 \
             ORDER BY expires_at LIMIT {limit}"
        );
        let statement = conn.sql(&sql, [now.into()]);
        Ok(upload::Model::find_by_statement(statement)
            .all(&*conn)
            .await?)
    }
}

impl Tx {
    /// Closes an open upload whose time is over: its file is rejected, its reservation given back.
    /// None when somebody completed, extended or closed it meanwhile.
    ///
    /// # Errors
    /// As the database says.
    pub async fn expire_upload(&self, id: UploadId) -> Result<Option<Opened>, StoreError> {
        let step = ("state = 'expired'", "state = 'open' AND expires_at <= $3");
        match self.step_upload(id, step, [self.now().into()]).await? {
            Some(upload) => Ok(Some(self.reject(upload, "state = 'pending'", CAUSE).await?)),
            None => Ok(None),
        }
    }
}
