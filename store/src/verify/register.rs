//! What is stored beside the entries: the head, and rows of epochs that never began.

use audit::{
    chain::{Damage, Finding, Head},
    entry::{Entry, Time},
    hash::Hash,
    value::Value,
};
use entity::TenantId;
use sea_orm::ConnectionTrait;

use super::{
    cells::{Cells, time},
    page::finding,
};
use crate::{
    StoreError,
    bootstrap::Deployment,
    conn::Conn,
    log::{FIRST_EPOCH, log_origin},
};

/// The head's row.
pub(super) struct HeadRow {
    epoch: i64,
    size: i64,
    last_hash: Vec<u8>,
    last_ts_micros: i64,
    min_seq: i64,
    state: String,
    /// Absent in a log that is older than trees are, until something is appended to it.
    frontier: Option<Vec<u8>>,
}

pub(super) async fn heads(conn: &Conn, tenant: TenantId) -> Result<Vec<HeadRow>, StoreError> {
    let last_ts = time(conn, "last_ts");
    let statement = conn.sql(
        &format!(
            "SELECT CAST(epoch AS bigint), size, last_hash, {last_ts}, min_seq, state, frontier \
             FROM audit_head WHERE tenant_id = $1 ORDER BY epoch"
        ),
        [tenant.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let heads = rows.iter().map(|row| {
        let cells = Cells::new(conn, row);
        Ok(HeadRow {
            epoch: cells.int(0)?,
            size: cells.int(1)?,
            last_hash: cells.bytes(2)?,
            last_ts_micros: cells.micros(3)?,
            min_seq: cells.int(4)?,
            state: cells.text(5)?,
            frontier: cells.optional_bytes(6)?,
        })
    });
    heads.collect()
}

impl HeadRow {
    pub(super) fn is_of_log(&self) -> bool {
        self.epoch == i64::from(FIRST_EPOCH)
    }

    /// The head to end the walk with. A column that cannot be one differs from every log's end.
    pub(super) fn head(&self) -> Head {
        Head {
            size: u64::try_from(self.size).unwrap_or(0),
            last_hash: Hash::from_slice(&self.last_hash).unwrap_or(Hash::ZERO),
            last_ts: Time::from_micros(self.last_ts_micros).unwrap_or(Time::EPOCH),
        }
    }

    /// The first entry that should be there.
    pub(super) fn min_seq(&self) -> i64 {
        self.min_seq
    }

    pub(super) fn frontier(&self) -> Option<&[u8]> {
        self.frontier.as_deref()
    }

    /// What the walk does not look at.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.state != "ok" {
            let reason = format!("the log is {}: nothing is appended to it", self.state);
            let last = self.size.saturating_sub(1);
            findings.push(finding(last, Damage::ProjectionAltered, reason));
        }
        findings
    }
}

/// A log of one epoch has one head.
pub(super) fn head_findings(heads: &[HeadRow], end: Head) -> Vec<Finding> {
    let (own, other): (Vec<_>, Vec<_>) = heads.iter().partition(|head| head.is_of_log());
    let mut findings: Vec<Finding> = own.iter().flat_map(|head| head.findings()).collect();
    if own.is_empty() {
        let reason = "the head is gone, so nothing says where the log ends";
        findings.push(Finding {
            seq: end.size,
            ..finding(0, Damage::EntryMissing, reason)
        });
    }
    findings.extend(other.iter().map(|head| {
        let reason = format!("there is a head of epoch {}, which never began", head.epoch);
        finding(0, Damage::Forked, reason)
    }));
    findings
}

/// The genesis against the deployment.
pub(super) fn genesis_findings(
    deployment: &Deployment,
    tenant: TenantId,
    genesis: Option<&[u8]>,
) -> Vec<Finding> {
    // Bytes that are no entry are the walk's to report.
    let genesis = genesis.and_then(|raw| Entry::parse(raw).ok());
    let origin = log_origin(deployment, tenant, FIRST_EPOCH);
    let mut findings = Vec::new();
    if let Some(genesis) = &genesis
        && (!states(genesis, "origin", &origin) || !states(genesis, "deployment", &deployment.name))
    {
        let reason = "the genesis names another log or deployment";
        findings.push(finding(0, Damage::Forked, reason));
    }
    findings
}

fn states(genesis: &Entry, key: &str, text: &str) -> bool {
    matches!(genesis.draft.meta.get(key), Some(Value::String(found)) if found == text)
}

/// Rows of the tenant under an epoch that never began.
pub(super) async fn strays(conn: &Conn, tenant: TenantId) -> Result<Vec<Finding>, StoreError> {
    // Each with what tells where the stray belongs.
    let tables = [
        ("audit_entry", "seq", Damage::EntryInserted),
        ("audit_target", "seq", Damage::ProjectionAltered),
        ("audit_disclosure", "seq", Damage::DisclosureAltered),
        ("audit_tile", "tile_index * 0", Damage::ProjectionAltered),
        ("audit_checkpoint", "size * 0", Damage::ProjectionAltered),
    ];
    let mut findings = Vec::new();
    for (table, seq, damage) in tables {
        // Two ranges of the primary key, because `<>` would read the whole log.
        let statement = conn.sql(
            &format!(
                "SELECT seq FROM (SELECT {seq} AS seq FROM {table} WHERE tenant_id = $1 AND epoch < $2 \
                 UNION ALL SELECT {seq} AS seq FROM {table} WHERE tenant_id = $1 AND epoch > $2) AS other \
                 ORDER BY seq LIMIT 1"
            ),
            [tenant.into(), FIRST_EPOCH.into()],
        );
        if let Some(row) = conn.query_one_raw(statement).await? {
            let reason = format!("{table} has a row under an epoch that never began");
            findings.push(finding(row.try_get_by_index(0)?, damage, reason));
        }
    }
    Ok(findings)
}
