//! The walk along a stored log: one page is read while the one before is hashed.

use std::sync::Arc;

use audit::{
    chain::{Finding, Head, Report, Verifier},
    retention::{GapCount, Permits},
};
use entity::TenantId;

use super::{
    checkpoint::{Checkpoints, Signed},
    cosigner::Cosigners,
    gaps::Gaps,
    keys::KeyRegister,
    page, register,
    tree::{Checked, TreeWalk, Vague},
};
use crate::{
    Store, StoreError,
    bootstrap::Deployment,
    conn::Conn,
    ledger::LogId,
    log::{FIRST_EPOCH, log_origin},
    tx::{TenantCheck, enter_tenant},
};

/// What a walk found, of the chain and of the checkpoints over it.
pub(super) struct Walked {
    pub(super) report: Report,
    pub(super) gaps: GapCount,
    pub(super) last_good: Option<Signed>,
    pub(super) first_bad: Option<Signed>,
}

/// Reads everything in one snapshot, so that appending goes on beside it.
pub(super) async fn walk(
    store: &Store,
    deployment: &Deployment,
    tenant: TenantId,
    progress: impl Fn(u64),
) -> Result<Walked, StoreError> {
    let conn = store.database().begin_job_read().await?;
    enter_tenant(&conn, tenant, TenantCheck::None).await?;
    let heads = register::heads(&conn, tenant).await?;
    let strays = register::strays(&conn, tenant).await?;
    let origin = log_origin(deployment, tenant, FIRST_EPOCH);
    let log = LogId {
        tenant,
        epoch: FIRST_EPOCH,
    };
    let own = heads.iter().find(|head| head.is_of_log());
    let gaps = Gaps::read(&conn, log, own.map_or(0, register::HeadRow::min_seq)).await?;
    let keys = KeyRegister::read(&conn, log, &origin, gaps.keys()).await?;
    let cosigners = Cosigners::read(store, &conn, deployment).await?;
    let checkpoints = Checkpoints::new(origin, &keys, &cosigners);
    let tree = TreeWalk::new(log, checkpoints);
    let (entries, mut tree) = entries(&conn, tenant, &gaps, tree, progress).await?;
    let head = own.map_or(entries.end, register::HeadRow::head);
    let mut report = entries.verifier.finish(&head);
    note(&mut report, entries.strays);
    note(&mut report, strays);
    note(&mut report, gaps.findings(&conn).await?);
    note(&mut report, register::head_findings(&heads, entries.end));
    let genesis = entries.genesis.as_deref();
    let of_genesis = register::genesis_findings(deployment, tenant, genesis);
    note(&mut report, of_genesis);
    note(&mut report, keys.findings(store));
    if let Some(frontier) = own.and_then(register::HeadRow::frontier) {
        tree.compare_frontier(frontier);
    }
    note(&mut report, std::mem::take(&mut tree.findings));
    tree.vague.extend(keys.strays(report.end.size));
    tree.vague.extend(cosigners.strays(report.end.size));
    tree.vague
        .iter()
        .for_each(|vague| explain(&mut report, vague));
    let mut count = entries.gaps;
    count.pruned += gaps.pruned();
    Ok(Walked {
        report,
        gaps: count,
        last_good: tree.checkpoints.last_good,
        first_bad: tree.checkpoints.first_bad,
    })
}

/// Adds what the walk itself does not look at; of two findings at one place the walk's stays.
fn note(report: &mut Report, findings: Vec<Finding>) {
    for finding in findings {
        report.findings += 1;
        let first = report.first.as_ref();
        if first.is_none_or(|first| finding.seq < first.seq) {
            report.first = Some(finding);
        }
    }
}

/// Adds a finding about many entries, unless one that is known already explains it.
fn explain(report: &mut Report, vague: &Vague) {
    let first = report.first.as_ref();
    if first.is_none_or(|first| first.seq >= vague.upto) {
        note(report, vec![vague.finding.clone()]);
    }
}

struct Entries {
    verifier: Verifier,
    gaps: GapCount,
    strays: Vec<Finding>,
    end: Head,
    genesis: Option<Vec<u8>>,
}

/// Most stray rows that are kept; the rest is damage all the same and needs no memory.
const STRAYS: usize = 64;

async fn entries(
    conn: &Conn,
    tenant: TenantId,
    gaps: &Gaps,
    mut tree: TreeWalk,
    progress: impl Fn(u64),
) -> Result<(Entries, Checked), StoreError> {
    let mut entries = Entries {
        verifier: gaps.begin(conn, &mut tree).await?,
        gaps: GapCount::default(),
        strays: Vec::new(),
        end: Head::empty(),
        genesis: None,
    };
    let mut read: u64 = gaps.pruned();
    let mut page = Some(page::read(conn, tenant, gaps.from()).await?);
    while let Some(current) = page.take() {
        let next = current.next;
        let hashing = hash(current, tenant, gaps.permits());
        if let Some(from) = next {
            page = Some(page::read(conn, tenant, from).await?);
        }
        let hashed = hashing.await.map_err(StoreError::internal)?;
        read += hashed.report.row_count() as u64;
        tree.grow(conn, &hashed.report).await?;
        entries.add(hashed);
        progress(read);
    }
    Ok((entries, tree.finish(conn).await?))
}

fn hash(
    page: page::Page,
    tenant: TenantId,
    permits: Arc<Permits>,
) -> tokio::task::JoinHandle<page::Hashed> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || {
        span.in_scope(|| page.hash(&tenant.uuid().to_string(), &permits))
    })
}

impl Entries {
    fn add(&mut self, page: page::Hashed) {
        let gaps = page.report.gaps();
        self.gaps.pruned += gaps.pruned;
        self.gaps.redacted += gaps.redacted;
        self.verifier.join(page.report);
        self.strays.extend(page.strays);
        self.strays.truncate(STRAYS);
        self.end = page.end.unwrap_or(self.end);
        self.genesis = self.genesis.take().or(page.genesis);
    }
}
