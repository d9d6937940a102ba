//! The deletion that was agreed to: a batch at a time, from whatever is left.

use entity::{TenantId, audit_purge};
use sea_orm::{ConnectionTrait, Value};

use super::{Catalogue, Rule, Table, plan::find, refused, rule};
use crate::{
    Store, StoreError,
    conn::Conn,
    ledger::number,
    retention::Sealing,
    system::Reason,
    tx::{TenantCheck, enter_tenant},
};

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurgeStep {
    /// So many rows of a table are gone, or do not refer to others any more.
    Rows {
        /// The table.
        table: String,
        /// How many.
        count: u64,
    },
    /// So many entries were appended to the log, or so many of its disclosures are gone.
    Log(u64),
    /// Somebody else comes first: the sequencer, or who keeps the log outside.
    Waiting,
    /// Only the tenant's record is left.
    Ready,
}

impl Store {
    /// Takes the next batch of at most `limit` rows of a purge that has begun; with `anchored`, disclosures do not go
    /// before the entry that says so is kept outside. `at` is how many tables are known to be done: 0 at first, and
    /// again after a break. Harmless when another process does the same.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when no purge has begun, or the log is not in order.
    pub async fn purge_next(
        &self,
        tenant: TenantId,
        anchored: bool,
        limit: u64,
        at: &mut usize,
    ) -> Result<PurgeStep, StoreError> {
        let begun = self.rows_next(tenant, limit, at).await?;
        let begun = match begun {
            Rows::Some(step) => return Ok(step),
            Rows::None(begun) => begun,
        };
        Ok(match self.seal_log(tenant, &begun.plan, anchored).await? {
            Sealing::Waiting => PurgeStep::Waiting,
            Sealing::More(count) => PurgeStep::Log(count),
            Sealing::Sealed => PurgeStep::Ready,
        })
    }

    async fn rows_next(
        &self,
        tenant: TenantId,
        limit: u64,
        at: &mut usize,
    ) -> Result<Rows, StoreError> {
        let tx = self.begin_system(Reason::TenantPurge).await?;
        let conn = tx.conn();
        enter_tenant(conn, tenant, TenantCheck::None).await?;
        let begun = find(conn, tenant).await?;
        let begun = begun.filter(|begun| begun.done_at.is_none());
        let begun = begun.ok_or_else(|| refused("no purge of this tenant is under way"))?;
        let catalogue = Catalogue::read(conn).await?;
        for table in catalogue.ordered()?.into_iter().skip(*at) {
            if table.name != "tenant"
                && let Some(count) = take(conn, table, tenant, limit).await?
            {
                note(conn, tenant, count).await?;
                tx.commit_without_event().await?;
                let table = table.name.clone();
                return Ok(Rows::Some(PurgeStep::Rows { table, count }));
            }
            *at += 1;
        }
        Ok(Rows::None(begun))
    }
}

enum Rows {
    Some(PurgeStep),
    None(audit_purge::Model),
}

/// Takes everything that is left of every table but the tenant's own; says how much that was.
pub(super) async fn take_rest(conn: &Conn, tenant: TenantId) -> Result<u64, StoreError> {
    let catalogue = Catalogue::read(conn).await?;
    let mut gone = 0;
    for table in catalogue.ordered()? {
        if table.name == "tenant" {
            continue;
        }
        while let Some(count) = take(conn, table, tenant, 1_000).await? {
            gone += count;
        }
    }
    Ok(gone)
}

/// Takes a batch; `None` when nothing of the table is left. What is only detached counts as nothing.
async fn take(
    conn: &Conn,
    table: &Table,
    tenant: TenantId,
    limit: u64,
) -> Result<Option<u64>, StoreError> {
    let (name, column) = (&table.name, table.column());
    for own in &table.own {
        let what = format!("{column} = $1 AND \"{own}\" IS NOT NULL");
        let set = format!("UPDATE \"{name}\" SET \"{own}\" = NULL");
        if batch(conn, &set, name, &what, (tenant, limit)).await? > 0 {
            return Ok(Some(0));
        }
    }
    let what = format!("{column} = $1");
    let (sql, counts) = match rule(name) {
        Some(Rule::Delete(_)) => (format!("DELETE FROM \"{name}\""), true),
        Some(Rule::Detach) => (format!("UPDATE \"{name}\" SET {column} = NULL"), false),
        _ => return Ok(None),
    };
    let count = batch(conn, &sql, name, &what, (tenant, limit)).await?;
    Ok((count > 0).then_some(if counts { count } else { 0 }))
}

/// Applies a statement to at most so many rows, by where they lie: that needs no index of the table's own.
async fn batch(
    conn: &Conn,
    statement: &str,
    table: &str,
    what: &str,
    (tenant, limit): (TenantId, u64),
) -> Result<u64, StoreError> {
    let sql = if conn.is_postgres() {
        format!(
            "{statement} WHERE ctid = ANY (ARRAY(SELECT ctid FROM \"{table}\" WHERE {what} LIMIT {limit}))"
        )
    } else {
        format!(
            "{statement} WHERE rowid IN (SELECT rowid FROM \"{table}\" WHERE {what} LIMIT {limit})"
        )
    };
    let done = conn.execute_raw(conn.sql(&sql, [tenant.into()])).await?;
    Ok(done.rows_affected())
}

pub(super) async fn note(conn: &Conn, tenant: TenantId, count: u64) -> Result<(), StoreError> {
    let values: [Value; 2] = [number(count)?.into(), tenant.into()];
    let statement = conn.sql(
        "UPDATE audit_purge SET row_count = row_count + $1 WHERE tenant_id = $2",
        values,
    );
    conn.execute_raw(statement).await?;
    Ok(())
}
