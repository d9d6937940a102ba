//! Files of all tenants whose time has come; what is done with them is done tenant by tenant.

use chrono::{DateTime, Utc};
use entity::file;
use sea_orm::{FromQueryResult, Value};

use crate::{Store, StoreError};

/// From when on files of one type leave the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashCutoff {
    /// System of the catalogue.
    pub system: String,
    /// Type of the catalogue.
    pub object_type: String,
    /// Files put into the trash at this time or before are due.
    pub trashed_before: DateTime<Utc>,
}

/// From when on files leave the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrashCutoffs {
    /// By type.
    pub types: Vec<TrashCutoff>,
    /// For types the catalogue does not have any more.
    pub otherwise: DateTime<Utc>,
}

impl TrashCutoffs {
    /// The cutoff of one file.
    #[must_use]
    pub fn of(&self, file: &file::Model) -> DateTime<Utc> {
        self.types
            .iter()
            .find(|cutoff| cutoff.system == file.system && cutoff.object_type == file.object_type)
            .map_or(self.otherwise, |cutoff| cutoff.trashed_before)
    }

    /// The cutoff of the row, as SQL with its values.
    fn expression(&self) -> (String, Vec<Value>) {
        let mut values = Vec::with_capacity(self.types.len() * 3 + 1);
        let mut cases = String::new();
        for cutoff in &self.types {
            let n = values.len();
            cases.push_str(&format!(
                "WHEN system = ${} AND object_type = ${} THEN ${} ",
                n + 1,
                n + 2,
                n + 3
            ));
            values.push(cutoff.system.as_str().into());
            values.push(cutoff.object_type.as_str().into());
            values.push(cutoff.trashed_before.into());
        }
        values.push(self.otherwise.into());
        let otherwise = format!("${}", values.len());
        if cases.is_empty() {
            (otherwise, values)
        } else {
            (format!("CASE {cases}ELSE {otherwise} END"), values)
        }
    }
}

impl Store {
    /// Up to `limit` files whose time in the trash is over, oldest first. Purge each with
    /// [`crate::Tx::purge_from_trash`].
    ///
    /// # Errors
    /// As the database says.
    pub async fn trash_due(
        &self,
        cutoffs: &TrashCutoffs,
        limit: u64,
    ) -> Result<Vec<file::Model>, StoreError> {
        let (cutoff, values) = cutoffs.expression();
        let sql = format!(
            "SELECT * FROM file WHERE state = 'trashed' AND trashed_at <= {cutoff} \
             ORDER BY trashed_at LIMIT {limit}"
        );
        self.files(&sql, values).await
    }

    /// Up to `limit` files purged at `purged_before` or earlier whose bytes are not deleted yet.
    ///
    /// # Errors
    /// As the database says.
    pub async fn deletions_due(
        &self,
        purged_before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<file::Model>, StoreError> {
        let sql = format!(
            "SELECT * FROM file WHERE purged_at IS NOT NULL AND deleted_at IS NULL \
             AND purged_at <= $1 ORDER BY purged_at LIMIT {limit}"
        );
        self.files(&sql, vec![purged_before.into()]).await
    }

    /// Up to `limit` files that wait for a verification nobody will do, because its job is out of
    /// attempts. Reject each with [`crate::Tx::reject_file`], or their reservations are held for ever.
    ///
    /// # Errors
    /// As the database says.
    pub async fn stranded_files(&self, limit: u64) -> Result<Vec<file::Model>, StoreError> {
        let sql = format!(
            "SELECT f.* FROM file f WHERE f.state = 'verifying' AND NOT EXISTS ( \
               SELECT 1 FROM job j WHERE j.tenant_id = f.tenant_id AND j.subject_id = f.id \
               AND j.state IN ('queued', 'running')) ORDER BY f.updated_at LIMIT {limit}"
        );
        self.files(&sql, Vec::new()).await
    }

    async fn files(&self, sql: &str, values: Vec<Value>) -> Result<Vec<file::Model>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let statement = conn.sql(sql, values);
        Ok(file::Model::find_by_statement(statement)
            .all(&*conn)
            .await?)
    }
}
