//! The row of a run.

use chrono::{DateTime, Utc};
use entity::{TenantId, VerificationId, verification};
use sea_orm::{ConnectionTrait, Value};

use super::StartedBy;
use crate::{
    ConflictCode, StoreError, Tx,
    conn::Conn,
    ledger::saturated,
    verify::{Borne, Signed, Verification},
};

/// A run that begins.
pub(super) fn new(
    tenant: TenantId,
    full: bool,
    started_by: StartedBy,
    now: DateTime<Utc>,
) -> verification::Model {
    verification::Model {
        tenant_id: tenant,
        id: VerificationId::generate(),
        full,
        state: "RUNNING".to_owned(),
        verdict: None,
        assurance: None,
        size: 0,
        pruned: 0,
        redacted: 0,
        first_bad_seq: None,
        damage: None,
        reason: None,
        recorded_hash: None,
        recomputed_hash: None,
        started_at: now,
        finished_at: None,
        started_by: started_by.as_str().to_owned(),
        epoch: 0,
        begin_size: 0,
        entries_read: 0,
        reported_at: None,
        checkpoint: None,
        last_good_size: None,
        last_good_at: None,
        first_bad_size: None,
        first_bad_at: None,
        affected_count: 0,
        receipt_size: None,
        receipt_at: None,
        anchor_size: None,
        anchor_at: None,
        seal: None,
    }
}

/// Ends the runs of which nothing was heard since `before`.
pub(super) async fn close_stale(tx: &Tx, before: DateTime<Utc>) -> Result<(), StoreError> {
    let statement = tx.conn().sql(
        "UPDATE verification SET state = 'FAILED', finished_at = $1, \
         reason = 'the process that did this verification ended before it' \
         WHERE tenant_id = $2 AND state = 'RUNNING' AND COALESCE(reported_at, started_at) < $3",
        [tx.now().into(), tx.tenant().into(), before.into()],
    );
    tx.conn().execute_raw(statement).await?;
    Ok(())
}

/// How far a run is.
pub(super) async fn report(
    conn: &Conn,
    run: &verification::Model,
    read: u64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let values: [Value; 4] = [
        saturated(read).into(),
        now.into(),
        run.tenant_id.into(),
        run.id.into(),
    ];
    let statement = conn.sql(
        "UPDATE verification SET entries_read = $1, reported_at = $2 \
         WHERE tenant_id = $3 AND id = $4 AND state = 'RUNNING'",
        values,
    );
    conn.execute_raw(statement).await?;
    Ok(())
}

/// What a run found, of `read` entries.
pub(super) async fn write(
    tx: &Tx,
    id: VerificationId,
    found: &Verification,
    read: u64,
    seal: Option<Vec<u8>>,
) -> Result<(), StoreError> {
    let first = found.first_bad.as_ref();
    let hex = |hash: Option<audit::hash::Hash>| hash.map(|hash| hash.to_hex());
    let (good, bad) = (found.window.last_good, found.window.first_bad);
    let (receipt, anchor) = (found.receipt, found.anchor);
    let columns: [(&str, Value); 25] = [
        ("verdict", found.verdict.as_str().into()),
        ("assurance", found.assurance.as_str().into()),
        ("epoch", found.epoch.into()),
        ("size", saturated(found.size).into()),
        ("pruned", saturated(found.gaps.pruned).into()),
        ("redacted", saturated(found.gaps.redacted).into()),
        ("begin_size", saturated(found.begin).into()),
        ("entries_read", saturated(read).into()),
        ("checkpoint", found.checkpoint.clone().into()),
        (
            "first_bad_seq",
            first.map(|first| saturated(first.seq)).into(),
        ),
        ("damage", first.map(|first| first.damage.as_str()).into()),
        ("reason", found.reason().into()),
        (
            "recorded_hash",
            hex(first.and_then(|first| first.recorded)).into(),
        ),
        (
            "recomputed_hash",
            hex(first.and_then(|first| first.recomputed)).into(),
        ),
        ("affected_count", saturated(found.findings).into()),
        (
            "last_good_size",
            good.map(|good| saturated(good.size)).into(),
        ),
        ("last_good_at", good.and_then(signed_at).into()),
        ("first_bad_size", bad.map(|bad| saturated(bad.size)).into()),
        ("first_bad_at", bad.and_then(signed_at).into()),
        (
            "receipt_size",
            receipt.map(|receipt| saturated(receipt.size)).into(),
        ),
        ("receipt_at", receipt.and_then(borne_at).into()),
        (
            "anchor_size",
            anchor.map(|anchor| saturated(anchor.size)).into(),
        ),
        ("anchor_at", anchor.and_then(borne_at).into()),
        ("seal", seal.into()),
        ("finished_at", tx.now().into()),
    ];
    let mut values = Vec::with_capacity(columns.len() + 2);
    let mut set = Vec::with_capacity(columns.len());
    for (name, value) in columns {
        values.push(value);
        set.push(format!("{name} = ${}", values.len()));
    }
    let (tenant, run) = (values.len() + 1, values.len() + 2);
    values.extend([tx.tenant().into(), id.into()]);
    let sql = format!(
        "UPDATE verification SET state = 'DONE', {} \
         WHERE tenant_id = ${tenant} AND id = ${run} AND state = 'RUNNING'",
        set.join(", ")
    );
    let written = tx.conn().execute_raw(tx.conn().sql(&sql, values)).await?;
    if written.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::conflict(
        ConflictCode::InvalidState,
        "the verification has ended already; begin a new one",
    ))
}

fn signed_at(signed: Signed) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(signed.signed_at_micros)
}

fn borne_at(borne: Borne) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(borne.at_micros)
}
