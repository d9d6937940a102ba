//! Stored checkpoints: whether the log signed them, and whether the entries give their root.

use std::{
    collections::BTreeSet,
    ops::{Range, RangeInclusive},
    sync::Arc,
};

use audit::{
    chain::{Damage, Finding},
    checkpoint::{Checkpoint, Cosignature},
    hash::Hash,
    merkle::TreeHead,
    note::{Note, VerifierKey},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{
    cells::{Cells, time},
    cosigner::Cosigners,
    keys::KeyRegister,
    page::finding,
    tree::Vague,
};
use crate::{StoreError, conn::Conn, ledger::LogId};

/// A checkpoint's row.
pub(super) struct Row {
    size: i64,
    root: Vec<u8>,
    note: String,
    signed_at_micros: i64,
    cosigned_at_micros: Option<i64>,
}

/// A checkpoint that the log has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// How many entries it covers.
    pub size: u64,
    /// When it was signed, by the database's clock: the `ts` of its last entry; microseconds since 1970.
    pub signed_at_micros: i64,
    pub(super) root: Hash,
}

/// What the checkpoints of a log say of its entries.
#[derive(Debug)]
pub(super) struct Checkpoints {
    trust: Arc<Trust>,
    /// The largest one that the entries bear out, of those before the first that they do not.
    pub(super) last_good: Option<Signed>,
    /// The first one that they do not bear out.
    pub(super) first_bad: Option<Signed>,
    /// Sizes at which a checkpoint must be kept: there a new key was introduced under the one before.
    missing: BTreeSet<u64>,
    findings: Vec<Finding>,
}

/// By whom a checkpoint must be signed.
#[derive(Debug)]
struct Trust {
    origin: String,
    /// The log's keys, then the cosigner's.
    keys: Vec<VerifierKey>,
    /// For which sizes each of the log's keys signs.
    terms: Vec<RangeInclusive<u64>>,
}

impl Trust {
    /// Whether the signers are all the keys in force at that size.
    fn suffices(&self, size: u64, signers: &[&VerifierKey]) -> bool {
        let in_force = self.keys.iter().zip(&self.terms);
        in_force
            .filter(|(_, term)| term.contains(&size))
            .all(|(key, _)| signers.contains(&key))
    }

    /// Size and root of a checkpoint of this log, and the time it was cosigned at.
    fn open(&self, note: &str) -> Result<(TreeHead, Option<i64>), &'static str> {
        let note = Note::parse(note.as_bytes())
            .map_err(|_| "what is stored as a checkpoint is no signed note")?;
        let opened = Checkpoint::open(&note, &self.keys)
            .map_err(|_| "a stored checkpoint is not signed by the log's key")?;
        let Checkpoint { origin, tree } = opened.checkpoint;
        if !self.suffices(tree.size, &opened.log_keys) {
            return Err("a stored checkpoint is not signed by the key in force");
        }
        if origin != self.origin {
            return Err("a stored checkpoint is that of another log");
        }
        Ok((tree, opened.cosignatures.iter().map(micros).max()))
    }
}

impl Checkpoints {
    pub(super) fn new(origin: String, register: &KeyRegister, cosigners: &Cosigners) -> Self {
        let (mut keys, terms): (Vec<_>, Vec<_>) = register.terms().unzip();
        keys.extend_from_slice(&cosigners.keys);
        Self {
            trust: Arc::new(Trust {
                origin,
                keys,
                terms,
            }),
            last_good: None,
            first_bad: None,
            missing: register.handovers().collect(),
            findings: Vec::new(),
        }
    }

    /// Begins behind a checkpoint that is the log's: what is smaller has been compared.
    pub(super) fn begin_behind(&mut self, signed: Signed) {
        self.missing.retain(|size| *size > signed.size);
        self.last_good = Some(signed);
    }

    /// What a note says that the log has signed, with the time it was cosigned at.
    pub(super) fn open(&self, note: &str) -> Result<(TreeHead, Option<i64>), &'static str> {
        self.trust.open(note)
    }

    /// Those of the rows that are what the log signed; of the others it is noted that they are not.
    pub(super) async fn check(&mut self, rows: Vec<Row>) -> Result<Vec<Signed>, StoreError> {
        let trust = Arc::clone(&self.trust);
        let checked = tokio::task::spawn_blocking(move || {
            let check = |row: &Row| row.check(&trust);
            rows.iter().map(check).collect::<Vec<_>>()
        });
        let mut good = Vec::new();
        for checked in checked.await.map_err(StoreError::internal)? {
            match checked {
                Ok(signed) => good.push(signed),
                Err(finding) => self.findings.push(finding),
            }
        }
        Ok(good)
    }

    /// Holds a checkpoint against the root of as many entries, and against the time of the last of them, if it is there.
    pub(super) fn compare(&mut self, signed: &Signed, root: Hash, ts_micros: Option<i64>) {
        if signed.root != root {
            self.first_bad.get_or_insert(*signed);
        } else if self.first_bad.is_none() {
            self.missing.remove(&signed.size);
            self.last_good = Some(*signed);
        }
        if ts_micros.is_some_and(|ts_micros| signed.signed_at_micros != ts_micros) {
            let reason = "the time beside the checkpoint is not that of its last entry";
            self.findings.push(of_last(signed.size, reason));
        }
    }

    /// Takes what is left when the entries have ended: `behind` are checkpoints of more entries than there are.
    pub(super) fn finish(&mut self, behind: &[Signed], size: u64) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.findings);
        findings.extend(self.missing.iter().map(|size| {
            let reason = "the key before did not sign the checkpoint that introduces this key";
            of_last(*size, reason)
        }));
        if let Some(most) = behind.iter().map(|signed| signed.size).max() {
            let reason = format!("a checkpoint was signed when the log had {most} entries");
            findings.push(at(size, Damage::RolledBack, reason));
        } else if findings.is_empty() && self.first_bad.is_none() && self.signed() < size {
            let signed = self.signed();
            let reason = format!("only the first {signed} entries are signed");
            findings.push(at(signed, Damage::EntryInserted, reason));
        }
        findings
    }

    /// Where a checkpoint says that something is wrong. It is somewhere between two of them: what else shows
    /// damage there tells more.
    pub(super) fn forked(&self) -> Option<Vague> {
        let bad = self.first_bad?;
        let first = self.signed();
        let reason = format!(
            "the entries {first} to {} are not those whose root was signed",
            bad.size.saturating_sub(1)
        );
        Some(Vague {
            upto: bad.size,
            finding: at(first, Damage::Forked, reason),
        })
    }

    /// How many entries are those that were signed.
    pub(super) fn signed(&self) -> u64 {
        self.last_good.map_or(0, |good| good.size)
    }
}

impl Row {
    fn check(&self, trust: &Trust) -> Result<Signed, Finding> {
        let size = u64::try_from(self.size).unwrap_or(0);
        self.signed(trust).map_err(|reason| of_last(size, reason))
    }

    fn signed(&self, trust: &Trust) -> Result<Signed, &'static str> {
        let (tree, cosigned_at_micros) = trust.open(&self.note)?;
        if cosigned_at_micros != self.cosigned_at_micros {
            return Err("the time beside a checkpoint is not that of its cosignature");
        }
        if i64::try_from(tree.size) != Ok(self.size) || tree.root.0.as_slice() != self.root {
            return Err("the columns of a checkpoint differ from its note");
        }
        Ok(Signed {
            size: tree.size,
            root: tree.root,
            signed_at_micros: self.signed_at_micros,
        })
    }
}

fn micros(cosignature: &Cosignature<'_>) -> i64 {
    let time = i64::try_from(cosignature.time).unwrap_or(i64::MAX);
    time.saturating_mul(1_000_000)
}

fn of_last(size: u64, reason: &str) -> Finding {
    at(size.saturating_sub(1), Damage::ProjectionAltered, reason)
}

pub(super) fn at(seq: u64, damage: Damage, reason: impl Into<String>) -> Finding {
    Finding {
        seq,
        ..finding(0, damage, reason)
    }
}

/// The checkpoints of more entries than the lower end of `sizes`, and of no more than its upper end.
pub(super) async fn read(
    conn: &Conn,
    log: LogId,
    sizes: Range<u64>,
) -> Result<Vec<Row>, StoreError> {
    let bound = |size: u64| Value::from(i64::try_from(size).unwrap_or(i64::MAX));
    let (low, high) = (bound(sizes.start), bound(sizes.end));
    select(conn, log, "size > $3 AND size <= $4", [low, high]).await
}

/// Checkpoints that no entry of a log of `size` entries could be the last of; at most some hundreds.
pub(super) async fn read_outside(
    conn: &Conn,
    log: LogId,
    size: u64,
) -> Result<Vec<Row>, StoreError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    select(
        conn,
        log,
        "(size < $3 OR size > $4)",
        [1_i64.into(), size.into()],
    )
    .await
}

async fn select(
    conn: &Conn,
    log: LogId,
    which: &str,
    bounds: [Value; 2],
) -> Result<Vec<Row>, StoreError> {
    let (signed_at, cosigned_at) = (time(conn, "signed_at"), time(conn, "cosigned_at"));
    let [low, high] = bounds;
    let statement = conn.sql(
        &format!(
            "SELECT size, root, note, {signed_at}, {cosigned_at}, \
             CAST(CASE WHEN cosigned_at IS NULL THEN 0 ELSE 1 END AS bigint) FROM audit_checkpoint \
             WHERE tenant_id = $1 AND epoch = $2 AND {which} ORDER BY size LIMIT 2000"
        ),
        [log.tenant.into(), log.epoch.into(), low, high],
    );
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(|row| of_row(conn, row)).collect()
}

fn of_row(conn: &Conn, row: &QueryResult) -> Result<Row, StoreError> {
    let cells = Cells::new(conn, row);
    let cosigned_at = cells.micros(4)?;
    Ok(Row {
        size: cells.int(0)?,
        root: cells.bytes(1)?,
        note: cells.text(2)?,
        signed_at_micros: cells.micros(3)?,
        cosigned_at_micros: cells.is_set(5)?.then_some(cosigned_at),
    })
}

/// The note of the checkpoint of that size.
pub(super) async fn note(conn: &Conn, log: LogId, size: u64) -> Result<Option<String>, StoreError> {
    let found = read(conn, log, size.saturating_sub(1)..size).await?;
    Ok(found.into_iter().next().map(|row| row.note))
}
