//! Everything a tenant has, as rows for other programs: what [`crate::purge::RULES`] says is exported, a JSON object
//! each. No secret and no hash of one is among it.

mod source;

use chrono::{DateTime, Utc};
use entity::{FileId, TenantId, tenant};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value as Json;
use uuid::Uuid;

use source::{PAGE, SOURCES, key};

use crate::{
    Noun, Receipt, Store, StoreError,
    event::{
        TenantExported,
        class::{Public, Target},
    },
    system::Duty,
    tx::TenantCheck,
};

/// The names of the files that rows stand in, in order.
pub fn tables() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|source| source.name)
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Of [`tables`].
    pub table: &'static str,
    /// What it says.
    pub json: Json,
}

/// What an export came to.
#[derive(Debug, Clone)]
pub struct ExportedTenant {
    /// Objects.
    pub objects: u64,
    /// Their bytes.
    pub byte_len: u64,
    /// SHA-256 of the list of files, lower-case hex.
    pub manifest: String,
    /// The moment whose rows it has.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Hands every row of the tenant to `take`, table by table, all of one moment, which it returns.
    ///
    /// # Errors
    /// As the database and `take` say.
    pub async fn export_tenant<E: From<StoreError>>(
        &self,
        tenant: TenantId,
        mut take: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<DateTime<Utc>, E> {
        let at = self.now();
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        for source in SOURCES {
            let mut after = Uuid::nil();
            loop {
                let rows = source.page(&conn, tenant, after).await?;
                for row in &rows {
                    take(source.row(row)?)?;
                }
                match (source.key, rows.last()) {
                    (Some(_), Some(last)) if rows.len() == PAGE => after = key(last)?,
                    _ => break,
                }
            }
        }
        Ok(at)
    }

    /// Files of the tenant behind `after` that have bytes, in the order of their ids.
    ///
    /// # Errors
    /// As the database says.
    pub async fn files_to_export(
        &self,
        tenant: TenantId,
        after: Option<FileId>,
    ) -> Result<Vec<entity::file::Model>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        let after = after.map_or(Uuid::nil(), FileId::uuid);
        let statement = conn.sql(
            &format!(
                "SELECT * FROM file WHERE tenant_id = $1 AND id > $2 \
                 AND state IN ('ready', 'trashed') ORDER BY id LIMIT {PAGE}"
            ),
            [tenant.into(), after.into()],
        );
        let found = entity::file::Model::find_by_statement(statement);
        Ok(found.all(&conn).await?)
    }

    /// Records that everything the tenant has was exported.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or as the database says.
    pub async fn record_tenant_export(
        &self,
        tenant: TenantId,
        exported: &ExportedTenant,
    ) -> Result<Receipt, StoreError> {
        let tx = self.begin_duty(Duty::TenantExport, tenant).await?;
        let statement = tx.conn().sql(
            "UPDATE tenant SET exported_at = $1 WHERE id = $2 \
             AND (exported_at IS NULL OR exported_at < $1)",
            [exported.at.into(), tenant.into()],
        );
        tx.conn().execute_raw(statement).await?;
        // Only what is there is recorded.
        let tenant: tenant::Model = tx.tenant_record().await?;
        tx.commit(TenantExported {
            tenant: Target(tenant.id),
            objects: Public(exported.objects),
            byte_len: Public(exported.byte_len),
            manifest: Public(exported.manifest.clone()),
        })
        .await
    }

    /// How many bytes the files of a tenant have that are exported.
    ///
    /// # Errors
    /// As the database says.
    pub async fn bytes_to_export(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        let statement = conn.sql(
            "SELECT CAST(COALESCE(SUM(byte_len), 0) AS bigint) FROM file WHERE tenant_id = $1 \
             AND state IN ('ready', 'trashed')",
            [tenant.into()],
        );
        let row = conn.query_one_raw(statement).await?;
        let row = row.ok_or(StoreError::NotFound(Noun::Tenant))?;
        let bytes: i64 = row.try_get_by_index(0)?;
        Ok(bytes.unsigned_abs())
    }
}
