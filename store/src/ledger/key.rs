//! The signing keys of a log, unsealed for the moment of an append.

use audit::{genesis::LogKey as SigningKey, hash::Hash};
use sea_orm::{ConnectionTrait, QueryResult};

use super::LogId;
use crate::{Store, StoreError, conn::Conn, keys::Label, log::seal_context, seal};

/// A key that signs; two of them while one replaces the other.
#[derive(Debug)]
pub(crate) struct LiveKey {
    pub(crate) key: SigningKey,
}

/// The keys in force, oldest first, and the root that was signed for `size` entries; or why there are none.
pub(crate) async fn live(
    store: &Store,
    conn: &Conn,
    log: LogId,
    size: i64,
) -> Result<Result<(Vec<LiveKey>, Option<Hash>), &'static str>, StoreError> {
    let statement = conn.sql(
        "SELECT k.key_no, k.master_no, k.sealed, k.public, c.root FROM audit_key k \
         LEFT JOIN audit_checkpoint c \
         ON c.tenant_id = k.tenant_id AND c.epoch = k.epoch AND c.size = $3 \
         WHERE k.tenant_id = $1 AND k.epoch = $2 AND k.retired_at IS NULL ORDER BY k.key_no",
        [log.tenant.into(), log.epoch.into(), size.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let Some(first) = rows.first() else {
        return Ok(Err("the log has no key to sign with"));
    };
    let root: Option<Vec<u8>> = first.try_get("", "root")?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        match unseal(store, log, row)? {
            Some(key) => keys.push(key),
            None => return Ok(Err("the log's key does not open")),
        }
    }
    Ok(Ok((keys, root.as_deref().and_then(Hash::from_slice))))
}

/// The key of a row; `None` when the row is not what was sealed.
fn unseal(store: &Store, log: LogId, row: &QueryResult) -> Result<Option<LiveKey>, StoreError> {
    let no: i32 = row.try_get("", "key_no")?;
    let master_no: i32 = row.try_get("", "master_no")?;
    let sealed: Vec<u8> = row.try_get("", "sealed")?;
    let public: Vec<u8> = row.try_get("", "public")?;
    // Not the log's fault: another process may be ahead with a master key that this one was not given.
    let master = store.masters().numbered(master_no);
    let master = master.ok_or_else(|| {
        StoreError::internal(format!(
            "the log's key is sealed under master key {master_no}"
        ))
    })?;
    let sealing = master.derive(Label::AuditKeySeal);
    let context = seal_context(log.tenant, log.epoch, no);
    let seed = seal::open(&sealing, &context, &sealed);
    let seed = seed
        .as_ref()
        .and_then(|seed| seed.as_slice().try_into().ok());
    Ok(seed
        .map(SigningKey::from_seed)
        .filter(|key| key.public().as_slice() == public)
        .map(|key| LiveKey { key }))
}
