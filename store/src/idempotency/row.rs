//! The statements.

use chrono::{DateTime, Utc};
use entity::{BareId, EventId, TenantId, UploadId};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{ConnectionTrait, Value};
use sha2::Sha256;

use super::{Claim, KEPT};
use crate::{
    Principal, Store, StoreError,
    conn::Conn,
    keys::{Label, MasterKey},
};

/// Whether the stream that has a name is at work. `idempotency_key` is the row, `$now` a time.
fn is_held(now: &str) -> String {
    format!(
        "(idempotency_key.held_until > {now} AND EXISTS (SELECT 1 FROM upload u \
         WHERE u.tenant_id = idempotency_key.tenant_id AND u.id = idempotency_key.upload_id \
         AND u.state = 'open'))"
    )
}

/// Where a name stands.
pub(super) struct Place<'a> {
    home: TenantId,
    principal: BareId,
    key: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn of(home: TenantId, principal: Principal, claim: &'a Claim) -> Self {
        Self {
            home,
            principal: BareId(principal.uuid()),
            key: &claim.0.key,
        }
    }

    pub(super) fn values(&self) -> Vec<Value> {
        vec![self.home.into(), self.principal.into(), self.key.into()]
    }
}

/// A keyed hash of what is asked for: whoever has the rows cannot try passwords on it.
pub(super) fn fingerprint(master: &MasterKey, claim: &Claim) -> Result<Vec<u8>, StoreError> {
    let key = master.derive(Label::Idempotency);
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_slice());
    let mac = mac.map_err(StoreError::internal)?;
    Ok(mac
        .chain_update(claim.0.digest)
        .finalize()
        .into_bytes()
        .to_vec())
}

/// Takes the name, if nobody has it. Does not wait: on Postgres whoever comes second would, until the first
/// has committed, so a lock that is only tried stands in front; SQLite has one writer.
pub(super) async fn take(
    store: &Store,
    conn: &Conn,
    place: &Place<'_>,
    claim: &Claim,
) -> Result<(), StoreError> {
    let now = store.now();
    let master = store.master();
    let mut values = place.values();
    let more: [Value; 4] = [
        fingerprint(master, claim)?.into(),
        master.number().into(),
        now.into(),
        (now + KEPT).into(),
    ];
    values.extend(more);
    let free = if conn.is_postgres() {
        let (home, principal) = (place.home.uuid(), place.principal.uuid());
        let lock = format!("idempotency/{home}/{principal}/{}", place.key);
        values.push(lock.into());
        "pg_try_advisory_xact_lock(hashtextextended($8, 0))"
    } else {
        "1 = 1"
    };
    let held = is_held("excluded.created_at");
    let sql = format!(
        "INSERT INTO idempotency_key (tenant_id, principal_id, client_key, fingerprint, master_no, \
         created_at, expires_at) SELECT $1, $2, $3, $4, $5, $6, $7 WHERE {free} \
         ON CONFLICT (tenant_id, principal_id, client_key) DO UPDATE SET \
         fingerprint = excluded.fingerprint, master_no = excluded.master_no, upload_id = NULL, \
         held_until = NULL, log_id = NULL, event_id = NULL, targets = NULL, \
         created_at = excluded.created_at, expires_at = excluded.expires_at \
         WHERE idempotency_key.expires_at <= excluded.created_at \
         OR (idempotency_key.event_id IS NULL AND NOT {held})"
    );
    let taken = conn.execute_raw(conn.sql(&sql, values)).await?;
    require_one(taken.rows_affected())
}

/// What came of the request.
pub(super) async fn answer(
    conn: &Conn,
    place: &Place<'_>,
    upload: Option<UploadId>,
    (log, event, targets): (TenantId, EventId, String),
) -> Result<(), StoreError> {
    let mut values = place.values();
    let outcome: [Value; 3] = [log.into(), event.into(), targets.into()];
    values.extend(outcome);
    let own = match upload {
        Some(upload) => {
            values.push(upload.into());
            "AND upload_id = $7"
        }
        None => "",
    };
    let sql = format!(
        "UPDATE idempotency_key SET log_id = $4, event_id = $5, targets = $6, held_until = NULL \
         WHERE tenant_id = $1 AND principal_id = $2 AND client_key = $3 AND event_id IS NULL {own}"
    );
    let written = conn.execute_raw(conn.sql(&sql, values)).await?;
    require_one(written.rows_affected())
}

/// The name goes with an upload that is open.
pub(super) async fn hold(
    conn: &Conn,
    place: &Place<'_>,
    upload: UploadId,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut values = place.values();
    values.extend([Value::from(upload), until.into()]);
    let sql = "UPDATE idempotency_key SET upload_id = $4, held_until = $5 \
               WHERE tenant_id = $1 AND principal_id = $2 AND client_key = $3 AND event_id IS NULL";
    let written = conn.execute_raw(conn.sql(sql, values)).await?;
    require_one(written.rows_affected())
}

/// The stream goes on. A name that was lost stays lost.
pub(super) async fn hold_on(
    conn: &Conn,
    place: &Place<'_>,
    upload: UploadId,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut values = place.values();
    values.extend([Value::from(upload), until.into()]);
    let sql = "UPDATE idempotency_key SET held_until = $5 \
               WHERE tenant_id = $1 AND principal_id = $2 AND client_key = $3 \
               AND upload_id = $4 AND event_id IS NULL";
    conn.execute_raw(conn.sql(sql, values)).await?;
    Ok(())
}

/// What is known of a name: `held` says whether its stream is at work. `$4` is the time.
pub(super) fn select() -> String {
    let held = is_held("$4");
    format!(
        "SELECT fingerprint, master_no, log_id, event_id, targets, created_at, \
         CASE WHEN {held} THEN 1 ELSE 0 END AS held FROM idempotency_key \
         WHERE tenant_id = $1 AND principal_id = $2 AND client_key = $3 AND expires_at > $4"
    )
}

pub(super) async fn sweep(conn: &Conn, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
    let sql = format!(
        "DELETE FROM idempotency_key WHERE (tenant_id, principal_id, client_key) IN ( \
         SELECT tenant_id, principal_id, client_key FROM idempotency_key WHERE expires_at <= $1 \
         ORDER BY expires_at LIMIT {limit})"
    );
    let swept = conn.execute_raw(conn.sql(&sql, [now.into()])).await?;
    Ok(swept.rows_affected())
}

fn require_one(rows: u64) -> Result<(), StoreError> {
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::IdempotencyKeyInUse),
    }
}
