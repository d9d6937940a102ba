//! A page of a log: some hundreds of entries with everything that is stored about them.

use std::fmt::Write;

use audit::{
    chain::{
        ChunkReport, Damage, DisclosureRow, Finding, Head, LogIdentity, Projection, Stored,
        verify_chunk_with,
    },
    entry::{EntryRef, Time},
    hash::leaf,
    retention::Permits,
    value::MAX_BYTE_LEN,
};
use sea_orm::Value;

use super::packed::{Column, Fields, Packed};
use crate::{StoreError, conn::Conn, ledger::LogId};

/// Entries in a page; bounds the memory at 16 KiB an entry and as much of disclosures.
const ENTRIES: usize = 1_024;

/// One byte more than an entry has, and than a hash has.
const LONGEST_RAW: usize = MAX_BYTE_LEN + 1;
const LONGEST_LEAF: usize = 33;

/// An entry's row and the rows that belong to it.
struct Row {
    seq: i64,
    raw: Vec<u8>,
    leaf: Vec<u8>,
    event_id: String,
    action: String,
    outcome: String,
    actor_type: String,
    actor_id: String,
    at_micros: i64,
    ts_micros: i64,
    targets: Targets,
    disclosures: Vec<(String, String)>,
}

/// A page as it was read.
pub(super) struct Page {
    entries: Packed,
    targets: Packed,
    disclosures: Packed,
    /// Where the next page begins; `None` after the last.
    pub(super) next: Option<i64>,
}

/// A page after it was hashed.
pub(super) struct Hashed {
    pub(super) report: ChunkReport,
    /// What stands there although no entry accounts for it.
    pub(super) strays: Vec<Finding>,
    /// Where the log ends if this is its last entry.
    pub(super) end: Option<Head>,
}

/// Reads the entries from number `from` on.
pub(super) async fn read(conn: &Conn, log: LogId, from: i64) -> Result<Page, StoreError> {
    let of_log: [Value; 3] = [log.tenant.into(), log.epoch.into(), from.into()];
    let selected = format!(
        "FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq >= $3 ORDER BY seq LIMIT {ENTRIES}"
    );
    let entries = Packed::read(conn, &ENTRY, &selected, of_log.clone()).await?;
    let (upto, next) = match entries.last.and_then(|last| last.checked_add(1)) {
        Some(next) if entries.count == ENTRIES => (next - 1, Some(next)),
        _ => (i64::MAX, None),
    };
    let beside = of_log.into_iter().chain([upto.into()]);
    let selected = |table: &str| {
        format!("FROM {table} WHERE tenant_id = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4")
    };
    let targets = selected("audit_target");
    let disclosures = selected("audit_disclosure");
    Ok(Page {
        entries,
        targets: Packed::read(conn, &TARGET, &targets, beside.clone()).await?,
        disclosures: Packed::read(conn, &DISCLOSURE, &disclosures, beside).await?,
        next,
    })
}

const ENTRY: [Column; 10] = [
    Column::Int("seq"),
    Column::Text("action"),
    Column::Text("outcome"),
    Column::Text("actor_type"),
    Column::Text("actor_id"),
    Column::Uuid("event_id"),
    Column::Time("occurred_at"),
    Column::Time("sequenced_at"),
    Column::Bytes("leaf", LONGEST_LEAF),
    Column::Bytes("raw", LONGEST_RAW),
];

const TARGET: [Column; 4] = [
    Column::Int("seq"),
    Column::Int("position"),
    Column::Text("target_type"),
    Column::Uuid("target_id"),
];

const DISCLOSURE: [Column; 3] = [
    Column::Int("seq"),
    Column::Text("field"),
    Column::Text("disclosure"),
];

impl Row {
    fn unpack(fields: &mut Fields<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            seq: fields.int()?,
            action: fields.text()?,
            outcome: fields.text()?,
            actor_type: fields.text()?,
            actor_id: fields.text()?,
            event_id: fields.uuid()?,
            at_micros: fields.micros()?,
            ts_micros: fields.micros()?,
            leaf: fields.bytes()?,
            raw: fields.bytes()?,
            targets: Targets::default(),
            disclosures: Vec::new(),
        })
    }
}

fn negative(rows: &[Row]) -> Vec<Finding> {
    let count = rows.iter().filter(|row| row.seq < 0).count();
    let reason = "a row has a number below zero";
    (0..count)
        .map(|_| finding(0, Damage::EntryInserted, reason))
        .collect()
}

/// Rows in the order of `seq` and what `key` gives; aggregation has no order to rely on.
fn in_order<T, K: Ord>(
    packed: &Packed,
    unpack: impl Fn(&mut Fields<'_>) -> Result<T, StoreError>,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, StoreError> {
    let rows = packed.rows().map(|fields| unpack(&mut fields?));
    let mut rows = rows.collect::<Result<Vec<T>, StoreError>>()?;
    rows.sort_by_key(key);
    Ok(rows)
}

fn join_targets(
    targets: &Packed,
    rows: &mut [Row],
    strays: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let found = in_order(
        targets,
        |row| Ok((row.int()?, row.int()?, row.text()?, row.uuid()?)),
        |(seq, position, ..)| (*seq, *position),
    )?;
    let mut at = 0;
    for (seq, position, kind, id) in found {
        if let Some(row) = place(rows, &mut at, seq) {
            row.targets.push(position, &kind, &id);
        } else {
            let reason = "a target is stored for an entry that is not there";
            strays.push(finding(seq, Damage::ProjectionAltered, reason));
        }
    }
    Ok(())
}

fn join_disclosures(
    disclosures: &Packed,
    rows: &mut [Row],
    strays: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let found = in_order(
        disclosures,
        |row| Ok((row.int()?, row.text()?, row.text()?)),
        |(seq, ..)| *seq,
    )?;
    let mut at = 0;
    for (seq, field, text) in found {
        if let Some(row) = place(rows, &mut at, seq) {
            row.disclosures.push((field, text));
        } else {
            let reason = "a disclosure is stored for an entry that is not there";
            strays.push(finding(seq, Damage::DisclosureAltered, reason));
        }
    }
    Ok(())
}

/// The row with that number; both lists are in order, so the search only goes on.
fn place<'a>(rows: &'a mut [Row], at: &mut usize, seq: i64) -> Option<&'a mut Row> {
    while rows.get(*at).is_some_and(|row| row.seq < seq) {
        *at += 1;
    }
    rows.get_mut(*at).filter(|row| row.seq == seq)
}

pub(super) fn finding(seq: i64, damage: Damage, reason: impl Into<String>) -> Finding {
    Finding {
        seq: u64::try_from(seq).unwrap_or(0),
        damage,
        reason: reason.into(),
        recorded: None,
        recomputed: None,
    }
}

/// The target rows of an entry, written as the entry writes them.
#[derive(Default)]
struct Targets {
    inner: String,
    count: i64,
}

impl Targets {
    fn push(&mut self, position: i64, kind: &str, id: &str) {
        // A kind with quotes could spell the text of several targets in one row.
        let word = kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if position != self.count || !word {
            self.inner.push('!');
        }
        if self.count > 0 {
            self.inner.push(',');
        }
        self.count += 1;
        // Writing to a string cannot fail.
        let _ = write!(self.inner, "{{\"id\":\"{id}\",\"type\":\"{kind}\"}}");
    }

    fn text(&self) -> String {
        format!("[{}]", self.inner)
    }
}

impl Page {
    /// Unpacks, hashes and compares: all the work that costs time.
    pub(super) fn hash(self, tenant: &str, permits: &Permits) -> Result<Hashed, StoreError> {
        let mut rows = in_order(&self.entries, Row::unpack, |row| row.seq)?;
        let mut strays = negative(&rows);
        join_targets(&self.targets, &mut rows, &mut strays)?;
        join_disclosures(&self.disclosures, &mut rows, &mut strays)?;
        rows.retain(|row| row.seq >= 0);
        let targets: Vec<String> = rows.iter().map(|row| row.targets.text()).collect();
        let disclosures: Vec<Vec<DisclosureRow<'_>>> = rows.iter().map(Row::disclosures).collect();
        let stored: Vec<Stored<'_>> = rows
            .iter()
            .zip(&targets)
            .zip(&disclosures)
            .map(|((row, targets), disclosures)| row.stored(targets, disclosures))
            .collect();
        Ok(Hashed {
            report: verify_chunk_with(&stored, &LogIdentity { tenant }, permits),
            end: rows.last().map(Row::end),
            strays,
        })
    }
}

impl Row {
    fn key(&self) -> u64 {
        self.seq.unsigned_abs()
    }

    fn disclosures(&self) -> Vec<DisclosureRow<'_>> {
        let rows = self.disclosures.iter();
        rows.map(|(field, text)| DisclosureRow { field, text })
            .collect()
    }

    fn stored<'a>(&'a self, targets: &'a str, disclosures: &'a [DisclosureRow<'a>]) -> Stored<'a> {
        Stored {
            seq: self.key(),
            raw: &self.raw,
            leaf: &self.leaf,
            projection: Some(Projection {
                event_id: &self.event_id,
                action: &self.action,
                outcome: &self.outcome,
                actor_type: &self.actor_type,
                actor_id: &self.actor_id,
                at_micros: self.at_micros,
                ts_micros: self.ts_micros,
                targets: Some(targets),
            }),
            disclosures: Some(disclosures),
        }
    }

    fn end(&self) -> Head {
        Head {
            size: self.key().saturating_add(1),
            last_hash: leaf(&self.raw),
            last_ts: EntryRef::parse(&self.raw).map_or(Time::EPOCH, |entry| entry.ts),
        }
    }
}
