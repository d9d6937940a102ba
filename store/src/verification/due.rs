//! Logs whose verification is due.

use chrono::{DateTime, Utc};
use entity::TenantId;
use sea_orm::{ConnectionTrait, Value};

use crate::{Noun, Store, StoreError};

/// A log to be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Whose; [`TenantId::SYSTEM`] for the deployment's.
    pub tenant: TenantId,
    /// Whether every entry is to be read.
    pub full: bool,
}

/// A log of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSize {
    /// Whose; [`TenantId::SYSTEM`] for the deployment's.
    pub tenant: TenantId,
    /// How many entries it has, in all epochs.
    pub entries: u64,
}

impl Store {
    /// Every log of the deployment, or that of one tenant.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when that tenant has none, or as the database says.
    pub async fn logs(&self, of: Option<TenantId>) -> Result<Vec<LogSize>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let which = of.map_or("", |_| "WHERE tenant_id = $1");
        let sql = format!(
            "SELECT tenant_id, CAST(SUM(size) AS bigint) AS entries FROM audit_head {which} \
             GROUP BY tenant_id ORDER BY tenant_id"
        );
        let rows = conn
            .query_all_raw(conn.sql(&sql, of.map(Value::from)))
            .await?;
        if rows.is_empty() && of.is_some() {
            return Err(StoreError::NotFound(Noun::Tenant));
        }
        let logs = rows.iter().map(|row| {
            let entries: i64 = row.try_get("", "entries")?;
            Ok(LogSize {
                tenant: row.try_get("", "tenant_id")?,
                entries: entries.unsigned_abs(),
            })
        });
        logs.collect()
    }

    /// A log that was last read in full before `full_before`, else one that was last verified before `before`; a log
    /// that never was counts from its beginning. `None` for a time asks for none of that kind.
    ///
    /// # Errors
    /// As the database says.
    pub async fn due_verification(
        &self,
        before: Option<DateTime<Utc>>,
        full_before: Option<DateTime<Utc>>,
    ) -> Result<Option<Due>, StoreError> {
        for (full, before) in [(true, full_before), (false, before)] {
            let Some(before) = before else { continue };
            if let Some(tenant) = self.unverified_since(before, full).await? {
                return Ok(Some(Due { tenant, full }));
            }
        }
        Ok(None)
    }

    async fn unverified_since(
        &self,
        before: DateTime<Utc>,
        full: bool,
    ) -> Result<Option<TenantId>, StoreError> {
        let which = if full { "AND v.\"full\"" } else { "" };
        let sql = format!(
            "SELECT k.tenant_id FROM audit_key k WHERE k.epoch = 0 AND k.key_no = 1 \
             AND k.created_at < $1 AND NOT EXISTS (SELECT 1 FROM verification v \
             WHERE v.tenant_id = k.tenant_id AND v.started_at >= $1 AND v.state <> 'FAILED' {which}) \
             ORDER BY k.tenant_id LIMIT 1"
        );
        let conn = self.database().begin_job_read().await?;
        let row = conn.query_one_raw(conn.sql(&sql, [before.into()])).await?;
        Ok(row.map(|row| row.try_get("", "tenant_id")).transpose()?)
    }
}
