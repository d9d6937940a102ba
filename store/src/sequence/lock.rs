//! Which logs have something to append, and their heads, locked: whoever holds a head appends.

use entity::{TenantId, audit_head};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{ConflictCode, Noun, StoreError, conn::Conn};

/// How many chains one transaction locks.
const HEADS: usize = 8;

/// The newest head of the tenant's log, if it is in order; waits until nobody else holds it.
pub(crate) async fn lock_head(
    conn: &Conn,
    tenant: TenantId,
) -> Result<audit_head::Model, StoreError> {
    let head = lock_newest_head(conn, tenant).await?;
    if head.state == "ok" {
        Ok(head)
    } else {
        Err(not_in_order(&format!("it is {}", head.state)))
    }
}

/// As [`lock_head`], whatever its state.
#[expect(
    clippy::disallowed_methods,
    reason = "the sequencer's own rows; the tenant is named"
)]
pub(crate) async fn lock_newest_head(
    conn: &Conn,
    tenant: TenantId,
) -> Result<audit_head::Model, StoreError> {
    let mut query = audit_head::Entity::find()
        .filter(audit_head::Column::TenantId.eq(tenant))
        .order_by_desc(audit_head::Column::Epoch)
        .limit(1);
    if conn.is_postgres() {
        query = query.lock(sea_orm::sea_query::LockType::Update);
    }
    let head = query.one(conn).await?;
    head.ok_or(StoreError::NotFound(Noun::Tenant))
}

pub(super) fn not_in_order(cause: &str) -> StoreError {
    StoreError::conflict(
        ConflictCode::InvalidState,
        format!("nothing can be appended to the log: {cause}"),
    )
}

/// Tenants with something in the outbox, by hopping along the index instead of reading it all.
pub(super) async fn dirty_tenants(conn: &Conn) -> Result<Vec<TenantId>, StoreError> {
    let statement = conn.sql(
        "WITH RECURSIVE dirty AS ( \
           SELECT (SELECT tenant_id FROM audit_outbox ORDER BY tenant_id LIMIT 1) AS tenant_id \
           UNION ALL \
           SELECT (SELECT o.tenant_id FROM audit_outbox o WHERE o.tenant_id > d.tenant_id \
                   ORDER BY o.tenant_id LIMIT 1) \
           FROM dirty d WHERE d.tenant_id IS NOT NULL) \
         SELECT tenant_id FROM dirty WHERE tenant_id IS NOT NULL LIMIT 64",
        [],
    );
    let rows = conn.query_all_raw(statement).await?;
    // On SQLite a row may name what is no tenant; it must not keep the others waiting.
    Ok(rows
        .iter()
        .filter_map(|row| row.try_get("", "tenant_id").ok())
        .collect())
}

/// The heads among `tenants` that are in order and that nobody else holds.
#[expect(
    clippy::disallowed_methods,
    reason = "the sequencer works for every tenant; each head then binds its own"
)]
pub(super) async fn lock_heads(
    conn: &Conn,
    tenants: &[TenantId],
) -> Result<Vec<audit_head::Model>, StoreError> {
    let mut query = audit_head::Entity::find()
        .filter(audit_head::Column::TenantId.is_in(tenants.iter().copied()))
        .filter(audit_head::Column::State.eq("ok"))
        .order_by_asc(audit_head::Column::TenantId)
        .limit(HEADS as u64);
    if conn.is_postgres() {
        query = query.lock_with_behavior(
            sea_orm::sea_query::LockType::Update,
            sea_orm::sea_query::LockBehavior::SkipLocked,
        );
    }
    Ok(query.all(conn).await?)
}
