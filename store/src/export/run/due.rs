//! Exports that something is to be done about; read across tenants, acted on tenant by tenant.

use entity::audit_export;
use sea_orm::{FromQueryResult, Value};

use crate::{Store, StoreError};

impl Store {
    /// Up to `limit` exports whose files are to be removed, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn audit_exports_due(
        &self,
        limit: u64,
    ) -> Result<Vec<audit_export::Model>, StoreError> {
        let sql = format!(
            "SELECT * FROM audit_export WHERE state = 'DONE' AND expires_at <= $1 \
             ORDER BY expires_at LIMIT {limit}"
        );
        self.audit_exports(&sql, vec![self.now().into()]).await
    }

    /// Up to `limit` exports that nobody will make, because their job is out of attempts.
    ///
    /// # Errors
    /// As the database says.
    pub async fn stranded_audit_exports(
        &self,
        limit: u64,
    ) -> Result<Vec<audit_export::Model>, StoreError> {
        let sql = format!(
            "SELECT e.* FROM audit_export e WHERE e.state IN ('PENDING', 'RUNNING') \
             AND NOT EXISTS (SELECT 1 FROM job j WHERE j.tenant_id = e.tenant_id \
               AND j.subject_id = e.id AND j.state IN ('queued', 'running')) \
             ORDER BY e.created_at LIMIT {limit}"
        );
        self.audit_exports(&sql, Vec::new()).await
    }

    async fn audit_exports(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<audit_export::Model>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let statement = conn.sql(sql, values);
        Ok(audit_export::Model::find_by_statement(statement)
            .all(&*conn)
            .await?)
    }
}
