//! What is read of a log, and against what: its newest epoch from behind an earlier run, or all of every epoch.

use std::sync::atomic::{AtomicU64, Ordering};

use entity::TenantId;

use super::{
    Inspection, Keeper, Kept, Verification,
    cosigner::Cosigners,
    epoch::{self, Epochs},
    register,
    walk::{Ground, Walked, previous},
};
use crate::{Store, StoreError, bootstrap::Deployment, ledger::LogId, tx::TenantCheck};

/// Reads everything in one snapshot, so that appending goes on beside it.
pub(super) async fn inspect(
    store: &Store,
    deployment: &Deployment,
    tenant: TenantId,
    inspection: &Inspection,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Verification, StoreError> {
    let conn = store.database().begin_job_read().await?;
    // What the system log says of the cosigner is read before the view is narrowed to one log.
    let cosigners = Cosigners::read(store, &conn, deployment).await?;
    let conn = conn.enter(tenant, TenantCheck::None).await?;
    let heads = register::heads(&conn, tenant).await?;
    let epochs = Epochs::read(&conn, tenant, &heads).await?;
    let ground = Ground {
        store,
        conn: &conn,
        deployment,
        heads: &heads,
        epochs: &epochs,
        cosigners: &cosigners,
    };
    let read = AtomicU64::new(0);
    let counted = |count: u64| progress(read.fetch_add(count, Ordering::Relaxed) + count);
    let newest = LogId {
        tenant,
        epoch: epochs.newest(),
    };
    let mut kept = known(&ground, newest, inspection);
    let run = earlier(&ground, newest, inspection).await?;
    let start = match &run {
        Some(run) => ground.start(newest, run.tree, &kept).await?,
        None => None,
    };
    kept.extend(run);
    let since = inspection.since.as_ref().filter(|_| start.is_some());
    let walks = match start {
        Some(_) => vec![ground.walk(newest, start, kept, &counted).await?],
        None => every_epoch(&ground, newest, kept, &counted).await?,
    };
    Verification::of(walks, since).ok_or_else(|| StoreError::internal("a log without an epoch"))
}

/// The heads that the log must bear out. One kept outside of an epoch that is closed is the next genesis's to name.
fn known(ground: &Ground<'_>, newest: LogId, inspection: &Inspection) -> Vec<Kept> {
    let own = ground.heads.iter().find(|head| head.epoch == newest.epoch);
    let quarantined_for = own.and_then(register::HeadRow::known);
    let given = inspection.kept.iter().copied().chain(quarantined_for);
    given
        .filter(|kept| kept.by == Keeper::Receipt || kept.epoch >= newest.epoch)
        .collect()
}

/// The checkpoint that an earlier run ended with, if the log has signed it.
async fn earlier(
    ground: &Ground<'_>,
    newest: LogId,
    inspection: &Inspection,
) -> Result<Option<Kept>, StoreError> {
    let since = inspection.since.as_ref();
    let Some(since) = since.filter(|since| since.epoch == newest.epoch) else {
        return Ok(None);
    };
    let opened = ground.open(newest, &since.note).await?.ok();
    Ok(opened.map(|(tree, at_micros)| Kept {
        epoch: since.epoch,
        tree,
        by: Keeper::Run,
        at_micros,
    }))
}

async fn every_epoch(
    ground: &Ground<'_>,
    newest: LogId,
    kept: Vec<Kept>,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Vec<Walked>, StoreError> {
    let mut walks = Vec::new();
    for epoch in ground.epochs.iter() {
        let log = LogId { epoch, ..newest };
        let is_own = |kept: &&Kept| kept.epoch == epoch || (log == newest && kept.epoch > epoch);
        let mut own: Vec<Kept> = kept.iter().filter(is_own).copied().collect();
        own.extend(successor(ground, log).await?);
        walks.push(ground.walk(log, None, own, progress).await?);
    }
    Ok(walks)
}

/// What the next epoch's genesis has of this one.
async fn successor(ground: &Ground<'_>, log: LogId) -> Result<Option<Kept>, StoreError> {
    let Some(next) = ground.epochs.iter().find(|epoch| *epoch > log.epoch) else {
        return Ok(None);
    };
    let genesis = epoch::genesis(ground.conn, LogId { epoch: next, ..log }).await?;
    let named = genesis.as_ref().and_then(previous);
    Ok(named.map(|named| Kept {
        epoch: log.epoch,
        tree: named.kept.tree,
        by: Keeper::Successor,
        at_micros: None,
    }))
}
