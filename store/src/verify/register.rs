//! What is stored beside the entries: the head, the key, and rows of epochs that never began.

use audit::{
    chain::{Damage, Finding, Head},
    entry::{Entry, Time},
    genesis::{LogKey, vkey},
    hash::Hash,
    note::VerifierKey,
    value::Value,
};
use entity::TenantId;
use sea_orm::ConnectionTrait;

use super::{
    cells::{Cells, time},
    page::finding,
};
use crate::{
    Store, StoreError,
    bootstrap::Deployment,
    conn::Conn,
    keys::Label,
    log::{FIRST_EPOCH, FIRST_KEY, log_origin, seal_context},
    seal,
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

/// The key's row.
pub(super) struct KeyRow {
    epoch: i64,
    key_no: i64,
    master_no: i64,
    sealed: Vec<u8>,
    public: Vec<u8>,
    created_at_micros: i64,
    retired: bool,
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

pub(super) async fn keys(conn: &Conn, tenant: TenantId) -> Result<Vec<KeyRow>, StoreError> {
    let created_at = time(conn, "created_at");
    let statement = conn.sql(
        &format!(
            "SELECT CAST(epoch AS bigint), CAST(key_no AS bigint), CAST(master_no AS bigint), \
             sealed, public, {created_at}, \
             CAST(CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END AS bigint) \
             FROM audit_key WHERE tenant_id = $1 ORDER BY epoch, key_no"
        ),
        [tenant.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let keys = rows.iter().map(|row| {
        let cells = Cells::new(conn, row);
        Ok(KeyRow {
            epoch: cells.int(0)?,
            key_no: cells.int(1)?,
            master_no: cells.int(2)?,
            sealed: cells.bytes(3)?,
            public: cells.bytes(4)?,
            created_at_micros: cells.micros(5)?,
            retired: cells.is_set(6)?,
        })
    });
    keys.collect()
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

    pub(super) fn frontier(&self) -> Option<&[u8]> {
        self.frontier.as_deref()
    }

    /// What the walk does not look at.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.min_seq != 0 {
            let reason = "the head says that the first entries were pruned, and no entry says so";
            findings.push(finding(0, Damage::ProjectionAltered, reason));
        }
        if self.state != "ok" {
            let reason = format!("the log is {}: nothing is appended to it", self.state);
            let last = self.size.saturating_sub(1);
            findings.push(finding(last, Damage::ProjectionAltered, reason));
        }
        findings
    }
}

/// The keys whose signatures count. One that cannot be a key is reported with the keys themselves.
pub(super) fn verifier_keys(origin: &str, keys: &[KeyRow]) -> Vec<VerifierKey> {
    let publics = keys
        .iter()
        .filter_map(|key| key.public.as_slice().try_into().ok());
    publics
        .filter_map(|public| VerifierKey::log(origin, public).ok())
        .collect()
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

/// The genesis against the deployment, and the key against the genesis.
pub(super) fn genesis_findings(
    store: &Store,
    deployment: &Deployment,
    tenant: TenantId,
    genesis: Option<&[u8]>,
    keys: &[KeyRow],
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
    if let Some(reason) = key_damage(store, tenant, &origin, genesis.as_ref(), keys) {
        findings.push(finding(0, Damage::ProjectionAltered, reason));
    }
    findings
}

fn states(genesis: &Entry, key: &str, text: &str) -> bool {
    matches!(genesis.draft.meta.get(key), Some(Value::String(found)) if found == text)
}

fn key_damage(
    store: &Store,
    tenant: TenantId,
    origin: &str,
    genesis: Option<&Entry>,
    keys: &[KeyRow],
) -> Option<&'static str> {
    let first =
        |key: &&KeyRow| key.epoch == i64::from(FIRST_EPOCH) && key.key_no == i64::from(FIRST_KEY);
    let Some(key) = keys.iter().find(first) else {
        return Some("the log's key is gone");
    };
    let Ok(public) = <&[u8; 32]>::try_from(key.public.as_slice()) else {
        return Some("the log's public key does not have 32 bytes");
    };
    let at = genesis.map(|genesis| genesis.draft.at.as_micros());
    let vkey = vkey(origin, public);
    if keys.len() > 1 {
        Some("there is a key that no entry introduced")
    } else if genesis.is_some_and(|genesis| !states(genesis, "vkey", &vkey)) {
        Some("the log's public key is not the one in the genesis")
    } else if at.is_some_and(|at| at != key.created_at_micros) {
        Some("the time of the log's key is not that of the genesis")
    } else if key.retired {
        Some("the log's key is marked as replaced, and no entry says so")
    } else if key.master_no != i64::from(store.master().number()) {
        Some("the number of the master key beside the log's key is not the one in force")
    } else {
        seed_damage(store, tenant, key, public)
    }
}

fn seed_damage(
    store: &Store,
    tenant: TenantId,
    key: &KeyRow,
    public: &[u8; 32],
) -> Option<&'static str> {
    let sealing = store.master().derive(Label::AuditKeySeal);
    let context = seal_context(tenant, FIRST_EPOCH, FIRST_KEY);
    let Some(seed) = seal::open(&sealing, &context, &key.sealed) else {
        return Some("the sealed seed of the log's key does not open");
    };
    match <&[u8; 32]>::try_from(seed.as_slice()) {
        Ok(seed) if LogKey::from_seed(seed).public() == *public => None,
        _ => Some("the sealed seed is not that of the log's key"),
    }
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
