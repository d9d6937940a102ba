//! What a purge would take, and what stands in its way.

use audit::{canon, hash::Hash, value::Value as Canon};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_purge, tenant};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde::Serialize;

use super::{
    Catalogue, Rule,
    obstacle::{lacks_export, of_the_log, of_the_record},
    refused, rule,
};
use crate::{Noun, Store, StoreError, conn::Conn, tx::TenantCheck};

/// What lies under one prefix of the object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Area {
    /// The prefix.
    pub prefix: String,
    /// How many objects.
    pub objects: u64,
    /// How many bytes they have.
    pub byte_len: u64,
    /// Uploads in parts that nobody has finished.
    pub multiparts: u64,
}

/// How many rows of the tenant a table has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The table.
    pub table: String,
    /// `delete`, `detach`, `seal` or `keep`.
    pub rule: &'static str,
    /// How many rows.
    pub rows: u64,
    /// Why they stay, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// What a purge would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PurgePlan {
    /// The tenant.
    pub tenant: String,
    /// Where it stands.
    pub status: String,
    /// When it was closed.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// From when on it may be purged.
    pub purge_after: Option<DateTime<Utc>>,
    /// When it was last exported as a whole.
    pub exported_at: Option<DateTime<Utc>>,
    /// Its tables, in the order in which their rows go; those that stay at the end.
    pub tables: Vec<Counted>,
    /// Its places in the object store.
    pub areas: Vec<Area>,
    /// What forbids the purge now, a sentence each.
    pub obstacles: Vec<String>,
    /// Whether only the export is missing.
    #[serde(skip)]
    pub lacks_export: bool,
}

impl PurgePlan {
    /// What is agreed to: SHA-256 over the tenant, the rows that go and the objects, in canonical form. Rows that stay
    /// or are somebody else's do not count: they change by themselves.
    #[must_use]
    pub fn hash(&self) -> String {
        let number = |n: u64| Canon::string(n.to_string());
        let goes = self.tables.iter().filter(|table| table.rule == "delete");
        let tables = goes.map(|table| {
            Canon::object([
                ("rows", number(table.rows)),
                ("table", Canon::string(table.table.as_str())),
            ])
        });
        let areas = self.areas.iter().map(|area| {
            Canon::object([
                ("bytes", number(area.byte_len)),
                ("multiparts", number(area.multiparts)),
                ("objects", number(area.objects)),
                ("prefix", Canon::string(area.prefix.as_str())),
            ])
        });
        let plan = Canon::object([
            ("areas", Canon::array(areas)),
            ("tables", Canon::array(tables)),
            ("tenant", Canon::string(self.tenant.as_str())),
        ]);
        Hash::of(&canon::write(&plan)).to_hex()
    }

    /// How many rows go.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let goes = self.tables.iter().filter(|table| table.rule == "delete");
        goes.map(|table| table.rows).sum()
    }

    /// How many objects go.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.areas.iter().map(|area| area.objects).sum()
    }

    /// How many bytes the objects have.
    #[must_use]
    pub fn byte_len(&self) -> u64 {
        self.areas.iter().map(|area| area.byte_len).sum()
    }
}

impl Store {
    /// The tenant with that short name, or with that id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    #[expect(
        clippy::disallowed_methods,
        reason = "for whoever holds the machine, who names any tenant"
    )]
    pub async fn tenant_named(&self, name: &str) -> Result<tenant::Model, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let query = match name.parse::<TenantId>() {
            Ok(id) => tenant::Entity::find_by_id(id),
            Err(_) => tenant::Entity::find().filter(tenant::Column::Slug.eq(name)),
        };
        let found = query.one(&*conn).await?;
        found.ok_or(StoreError::NotFound(Noun::Tenant))
    }

    /// The purge of a tenant that has begun, or is done.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_purge(
        &self,
        tenant: TenantId,
    ) -> Result<Option<audit_purge::Model>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        find(&conn, tenant).await
    }

    /// What a purge of the tenant would take; nothing is changed. `areas` is what lies in the object store.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when a table has no rule.
    pub async fn plan_purge(
        &self,
        tenant: TenantId,
        areas: Vec<Area>,
    ) -> Result<PurgePlan, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        plan(&conn, tenant, areas, self.now()).await
    }
}

pub(super) async fn find(
    conn: &Conn,
    tenant: TenantId,
) -> Result<Option<audit_purge::Model>, StoreError> {
    let statement = conn.sql(
        "SELECT * FROM audit_purge WHERE tenant_id = $1",
        [tenant.into()],
    );
    let found = audit_purge::Model::find_by_statement(statement);
    Ok(found.one(conn).await?)
}

pub(super) async fn plan(
    conn: &Conn,
    id: TenantId,
    areas: Vec<Area>,
    now: DateTime<Utc>,
) -> Result<PurgePlan, StoreError> {
    let statement = conn.sql("SELECT * FROM tenant WHERE id = $1", [id.into()]);
    let found = tenant::Model::find_by_statement(statement);
    let tenant = found.one(conn).await?;
    let tenant = tenant.ok_or(StoreError::NotFound(Noun::Tenant))?;
    let catalogue = Catalogue::read(conn).await?;
    let mut names: Vec<&str> = catalogue
        .ordered()?
        .into_iter()
        .map(|table| table.name.as_str())
        .collect();
    let stay = catalogue.tables.iter().map(|table| table.name.as_str());
    names.extend(stay.filter(|name| matches!(rule(name), Some(Rule::Keep(_) | Rule::Seal))));
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        tables.push(counted(conn, name, id).await?);
    }
    let lacks_export = lacks_export(&tenant);
    let mut obstacles = of_the_record(&tenant, now);
    obstacles.extend(of_the_log(conn, id).await?);
    if lacks_export {
        obstacles.push(
            "it was not exported since it was deactivated: run `strongroom tenant export`, or say \
             --without-export"
                .to_owned(),
        );
    }
    Ok(PurgePlan {
        tenant: id.to_string(),
        status: tenant.status.0.to_string(),
        deactivated_at: tenant.deactivated_at,
        purge_after: tenant.purge_after,
        exported_at: tenant.exported_at,
        tables,
        areas,
        obstacles,
        lacks_export,
    })
}

async fn counted(conn: &Conn, table: &str, id: TenantId) -> Result<Counted, StoreError> {
    let own = rule(table).ok_or_else(|| refused(format!("{table} has no purge rule")))?;
    let column = if table == "tenant" { "id" } else { "tenant_id" };
    let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE {column} = $1");
    let row = conn.query_one_raw(conn.sql(&sql, [id.into()])).await?;
    let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
    let rows: i64 = row.try_get_by_index(0)?;
    Ok(Counted {
        table: table.to_owned(),
        rule: own.as_str(),
        rows: rows.unsigned_abs(),
        reason: match own {
            Rule::Keep(reason) => Some(reason),
            _ => None,
        },
    })
}
