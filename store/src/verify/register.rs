//! What is stored beside the entries: the heads, and rows of epochs that never began.

use audit::{
    chain::{Damage, Finding, Head},
    entry::{Entry, Time},
    hash::Hash,
    merkle::TreeHead,
    value::Value,
};
use entity::TenantId;
use sea_orm::ConnectionTrait;

use super::{
    cells::{Cells, time},
    epoch::Epochs,
    kept::{Keeper, Kept},
    page::finding,
};
use crate::{StoreError, bootstrap::Deployment, conn::Conn, ledger::LogId, log::log_origin};

/// The head's row.
pub(super) struct HeadRow {
    pub(super) epoch: i32,
    size: i64,
    last_hash: Vec<u8>,
    last_ts_micros: i64,
    min_seq: i64,
    state: String,
    /// Absent in a log that is older than trees are, until something is appended to it.
    frontier: Option<Vec<u8>>,
    /// A head outside that the log was found not to bear out.
    known: Known,
}

/// Three columns that are set together.
struct Known {
    epoch: Option<i64>,
    size: Option<i64>,
    root: Option<Vec<u8>>,
}

pub(super) async fn heads(conn: &Conn, tenant: TenantId) -> Result<Vec<HeadRow>, StoreError> {
    let last_ts = time(conn, "last_ts");
    let statement = conn.sql(
        &format!(
            "SELECT CAST(epoch AS bigint), size, last_hash, {last_ts}, min_seq, state, frontier, \
             CAST(known_epoch AS bigint), known_size, known_root \
             FROM audit_head WHERE tenant_id = $1 ORDER BY epoch"
        ),
        [tenant.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let heads = rows.iter().map(|row| {
        let cells = Cells::new(conn, row);
        Ok(HeadRow {
            epoch: i32::try_from(cells.int(0)?).unwrap_or(i32::MAX),
            size: cells.int(1)?,
            last_hash: cells.bytes(2)?,
            last_ts_micros: cells.micros(3)?,
            min_seq: cells.int(4)?,
            state: cells.text(5)?,
            frontier: cells.optional_bytes(6)?,
            known: Known {
                epoch: cells.optional_int(7)?,
                size: cells.optional_int(8)?,
                root: cells.optional_bytes(9)?,
            },
        })
    });
    heads.collect()
}

impl HeadRow {
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

    /// The head outside for which the log was put into quarantine; one that is appended to has none.
    pub(super) fn known(&self) -> Option<Kept> {
        self.known.kept().filter(|_| self.state != "ok")
    }

    /// What the walk does not look at. `expected` is the state that a sound log of this epoch has.
    fn findings(&self, expected: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let last = self.size.saturating_sub(1);
        if self.state != expected {
            let reason = format!("the log is {}: nothing is appended to it", self.state);
            // A head outside that is not borne out tells more than the state that it led to.
            let seq = if self.known().is_some() {
                self.size
            } else {
                last
            };
            findings.push(finding(seq, Damage::ProjectionAltered, reason));
        }
        if self.known().is_none() && !self.known.is_empty() {
            let reason = "what the head says is known outside is no head";
            findings.push(finding(last, Damage::ProjectionAltered, reason));
        }
        findings
    }
}

impl Known {
    fn is_empty(&self) -> bool {
        self.epoch.is_none() && self.size.is_none() && self.root.is_none()
    }

    fn kept(&self) -> Option<Kept> {
        Some(Kept {
            epoch: i32::try_from(self.epoch?).ok()?,
            tree: TreeHead {
                size: u64::try_from(self.size?).ok()?,
                root: Hash::from_slice(self.root.as_deref()?)?,
            },
            by: Keeper::Anchor,
            at_micros: None,
        })
    }
}

/// Each epoch has one head, and nothing else does. Those of epochs that never began count for the newest.
pub(super) fn head_findings(
    heads: &[HeadRow],
    epochs: &Epochs,
    log: LogId,
    end: Head,
) -> Vec<Finding> {
    let is_newest = log.epoch == epochs.newest();
    let expected = if is_newest { "ok" } else { "closed" };
    let own = heads.iter().find(|head| head.epoch == log.epoch);
    let mut findings = own.map_or_else(Vec::new, |own| own.findings(expected));
    if own.is_none() {
        let reason = "the head is gone, so nothing says where the log ends";
        findings.push(Finding {
            seq: end.size,
            ..finding(0, Damage::EntryMissing, reason)
        });
    }
    if is_newest {
        let strays = heads.iter().filter(|head| !epochs.contains(head.epoch));
        findings.extend(strays.map(|head| {
            let reason = format!("there is a head of epoch {}, which never began", head.epoch);
            finding(0, Damage::Forked, reason)
        }));
    }
    findings
}

/// The genesis against the deployment.
pub(super) fn genesis_findings(
    deployment: &Deployment,
    log: LogId,
    genesis: Option<&Entry>,
) -> Vec<Finding> {
    let origin = log_origin(deployment, log.tenant, log.epoch);
    let mut findings = Vec::new();
    if let Some(genesis) = genesis
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
pub(super) async fn strays(
    conn: &Conn,
    tenant: TenantId,
    epochs: &Epochs,
) -> Result<Vec<Finding>, StoreError> {
    // Each with what tells where the stray belongs.
    let tables = [
        ("audit_entry", "seq", Damage::EntryInserted),
        ("audit_target", "seq", Damage::ProjectionAltered),
        ("audit_disclosure", "seq", Damage::DisclosureAltered),
        ("audit_tile", "tile_index * 0", Damage::ProjectionAltered),
        ("audit_checkpoint", "size * 0", Damage::ProjectionAltered),
    ];
    // Ranges of the primary key, because `<>` would read the whole log.
    let ranges = epochs.gaps();
    let mut findings = Vec::new();
    for (table, seq, damage) in tables {
        let parts: Vec<String> = ranges
            .iter()
            .map(|range| {
                format!("SELECT {seq} AS seq FROM {table} WHERE tenant_id = $1 AND {range}")
            })
            .collect();
        let sql = format!(
            "SELECT seq FROM ({}) AS other ORDER BY seq LIMIT 1",
            parts.join(" UNION ALL ")
        );
        let statement = conn.sql(&sql, [tenant.into()]);
        if let Some(row) = conn.query_one_raw(statement).await? {
            let reason = format!("{table} has a row under an epoch that never began");
            findings.push(finding(row.try_get_by_index(0)?, damage, reason));
        }
    }
    Ok(findings)
}
