//! Exports that something is to be done about; read across tenants, acted on tenant by tenant.

use chrono::{DateTime, Utc};
use entity::audit_export;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use crate::{Store, StoreError, conn::Conn, ledger::LogId};

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
            "SELECT * FROM audit_export WHERE state IN ('DONE', 'FAILED') AND expires_at <= $1 \
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

/// Values have been deleted from the log: the files that may have them are due, and of an export that is being
/// made so will its file be.
pub(crate) async fn end_those_with_values(
    conn: &Conn,
    log: LogId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // One that is being finished is waited for, because the state it still shows matches, too.
    let statement = conn.sql(
        "UPDATE audit_export SET expires_at = $3 WHERE tenant_id = $1 \
         AND COALESCE(epoch, $2) = $2 AND disclosures = $4 AND state IN ('RUNNING', 'DONE') \
         AND COALESCE(expires_at, $3) >= $3",
        [log.tenant.into(), log.epoch.into(), now.into(), true.into()],
    );
    conn.execute_raw(statement).await?;
    Ok(())
}
