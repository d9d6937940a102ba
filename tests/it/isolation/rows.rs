//! Everything the database and the object store hold of one tenant.

use std::{collections::BTreeMap, str::FromStr as _};

use entity::TenantId;
use tests::{App, Stack, file::sha256_hex};

/// Columns that a tenant's own reading changes some time later.
const OWN_USE: &[&str] = &["last_seen_at", "last_used_at"];

/// The rows of one tenant.
pub(super) struct Rows<'a> {
    app: &'a App,
    tenant: String,
}

impl<'a> Rows<'a> {
    pub(super) fn of(app: &'a App, tenant: &str) -> anyhow::Result<Self> {
        let tenant = TenantId::from_str(tenant)?.uuid().to_string();
        Ok(Self { app, tenant })
    }

    async fn look(&self, sql: &str) -> anyhow::Result<Vec<String>> {
        let rows = self.app.database.look(sql).await?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Whether nothing of the tenant is on its way any more.
    pub(super) async fn are_settled(&self) -> anyhow::Result<bool> {
        let tenant = &self.tenant;
        let waiting = format!("SELECT 'event' FROM audit_outbox WHERE tenant_id = '{tenant}'");
        let running = format!(
            "SELECT 'job' FROM job WHERE tenant_id = '{tenant}' AND state NOT IN ('done', 'failed')"
        );
        Ok(self.look(&waiting).await?.is_empty() && self.look(&running).await?.is_empty())
    }

    /// A hash of the rows of each table, and of the keys in the store.
    pub(super) async fn fingerprint(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut hashes = BTreeMap::new();
        let mut owned = self.tables().await?;
        owned.push(("tenant".to_owned(), format!("id = '{}'", self.tenant)));
        let people = format!(
            "id IN (SELECT user_id FROM member WHERE tenant_id = '{}')",
            self.tenant
        );
        owned.push(("user".to_owned(), people));
        for (table, condition) in owned {
            let row = self.row(&table).await?;
            let sql = format!("SELECT {row} FROM \"{table}\" WHERE {condition} ORDER BY 1");
            hashes.insert(
                table,
                sha256_hex(self.look(&sql).await?.join("\n").as_bytes()),
            );
        }
        let keys = self.app.objects()?.keys().await?;
        let own: Vec<_> = keys
            .into_iter()
            .filter(|key| key.contains(&self.tenant))
            .collect();
        hashes.insert("objects".to_owned(), sha256_hex(own.join("\n").as_bytes()));
        Ok(hashes)
    }

    /// The tables that row-level security closes.
    pub(super) async fn closed_tables(&self) -> anyhow::Result<Vec<String>> {
        let sql = "SELECT CAST(relname AS text) FROM pg_class WHERE relrowsecurity \
                   AND relnamespace = 'public'::regnamespace ORDER BY 1";
        self.look(sql).await
    }

    /// Every table with a tenant, and which rows of it are meant.
    async fn tables(&self) -> anyhow::Result<Vec<(String, String)>> {
        let tables = self
            .look(match self.app.stack {
                Stack::Sqlite => {
                    "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                     WHERE m.type = 'table' AND c.name = 'tenant_id' ORDER BY 1"
                }
                Stack::Postgres => {
                    "SELECT CAST(table_name AS text) FROM information_schema.columns \
                     WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1"
                }
            })
            .await?;
        anyhow::ensure!(
            tables.len() > 10,
            "hardly any table is a tenant's: {tables:?}"
        );
        let own = |table| (table, format!("tenant_id = '{}'", self.tenant));
        Ok(tables.into_iter().map(own).collect())
    }

    /// A row of a table as one text.
    async fn row(&self, table: &str) -> anyhow::Result<String> {
        let columns = match self.app.stack {
            Stack::Sqlite => {
                self.look(&format!("SELECT name FROM pragma_table_info('{table}')"))
                    .await?
            }
            Stack::Postgres => {
                self.look(&format!(
                    "SELECT CAST(column_name AS text) FROM information_schema.columns \
                     WHERE table_schema = 'public' AND table_name = '{table}'"
                ))
                .await?
            }
        };
        let cells = columns
            .iter()
            .filter(|column| !OWN_USE.contains(&column.as_str()))
            .map(|column| match self.app.stack {
                Stack::Sqlite => format!("quote(\"{column}\")"),
                Stack::Postgres => format!("COALESCE(CAST(\"{column}\" AS text), 'null')"),
            });
        Ok(cells.collect::<Vec<_>>().join(" || '|' || "))
    }
}
