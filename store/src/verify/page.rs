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
};
use sea_orm::{ConnectionTrait, Value};

use super::cells::{Cells, time};
use crate::{StoreError, conn::Conn, ledger::LogId};

/// Entries in a page; bounds the memory at 16 KiB an entry and as much of disclosures.
const ENTRIES: usize = 1_024;

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
    rows: Vec<Row>,
    /// What stands there although no entry accounts for it.
    strays: Vec<Finding>,
    /// Where the next page begins; `None` after the last.
    pub(super) next: Option<i64>,
}

/// A page after it was hashed.
pub(super) struct Hashed {
    pub(super) report: ChunkReport,
    pub(super) strays: Vec<Finding>,
    /// Where the log ends if this is its last entry.
    pub(super) end: Option<Head>,
}

/// Reads the entries from number `from` on.
pub(super) async fn read(conn: &Conn, log: LogId, from: i64) -> Result<Page, StoreError> {
    let mut rows = entries(conn, log, from).await?;
    let last = rows.last().map_or(i64::MAX, |row| row.seq);
    let (upto, next) = match last.checked_add(1) {
        Some(next) if rows.len() == ENTRIES => (last, Some(next)),
        _ => (i64::MAX, None),
    };
    let mut strays = negative(&rows);
    let range = Range { log, from, upto };
    join_targets(conn, &range, &mut rows, &mut strays).await?;
    join_disclosures(conn, &range, &mut rows, &mut strays).await?;
    rows.retain(|row| row.seq >= 0);
    Ok(Page { rows, strays, next })
}

async fn entries(conn: &Conn, log: LogId, from: i64) -> Result<Vec<Row>, StoreError> {
    let (occurred_at, sequenced_at) = (time(conn, "occurred_at"), time(conn, "sequenced_at"));
    let statement = conn.sql(
        &format!(
            "SELECT seq, raw, leaf, event_id, action, outcome, actor_type, actor_id, \
             {occurred_at}, {sequenced_at} FROM audit_entry \
             WHERE tenant_id = $1 AND epoch = $2 AND seq >= $3 ORDER BY seq LIMIT {ENTRIES}"
        ),
        [log.tenant.into(), log.epoch.into(), from.into()],
    );
    let found = conn.query_all_raw(statement).await?;
    found
        .iter()
        .map(|row| {
            let cells = Cells::new(conn, row);
            Ok(Row {
                seq: cells.int(0)?,
                raw: cells.bytes(1)?,
                leaf: cells.bytes(2)?,
                event_id: cells.uuid(3)?,
                action: cells.text(4)?,
                outcome: cells.text(5)?,
                actor_type: cells.text(6)?,
                actor_id: cells.text(7)?,
                at_micros: cells.micros(8)?,
                ts_micros: cells.micros(9)?,
                targets: Targets::default(),
                disclosures: Vec::new(),
            })
        })
        .collect()
}

fn negative(rows: &[Row]) -> Vec<Finding> {
    let count = rows.iter().filter(|row| row.seq < 0).count();
    let reason = "a row has a number below zero";
    (0..count)
        .map(|_| finding(0, Damage::EntryInserted, reason))
        .collect()
}

struct Range {
    log: LogId,
    from: i64,
    upto: i64,
}

impl Range {
    fn values(&self) -> [Value; 4] {
        [
            self.log.tenant.into(),
            self.log.epoch.into(),
            self.from.into(),
            self.upto.into(),
        ]
    }
}

async fn join_targets(
    conn: &Conn,
    range: &Range,
    rows: &mut [Row],
    strays: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let statement = conn.sql(
        "SELECT seq, CAST(position AS bigint), target_type, target_id FROM audit_target \
         WHERE tenant_id = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 ORDER BY seq, position",
        range.values(),
    );
    let mut at = 0;
    for found in &conn.query_all_raw(statement).await? {
        let cells = Cells::new(conn, found);
        let seq = cells.int(0)?;
        match place(rows, &mut at, seq) {
            Some(row) => row
                .targets
                .push(cells.int(1)?, &cells.text(2)?, &cells.uuid(3)?),
            None => {
                let reason = "a target is stored for an entry that is not there";
                strays.push(finding(seq, Damage::ProjectionAltered, reason));
            }
        }
    }
    Ok(())
}

async fn join_disclosures(
    conn: &Conn,
    range: &Range,
    rows: &mut [Row],
    strays: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let statement = conn.sql(
        "SELECT seq, field, disclosure FROM audit_disclosure \
         WHERE tenant_id = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4 ORDER BY seq",
        range.values(),
    );
    let mut at = 0;
    for found in &conn.query_all_raw(statement).await? {
        let cells = Cells::new(conn, found);
        let seq = cells.int(0)?;
        match place(rows, &mut at, seq) {
            Some(row) => row.disclosures.push((cells.text(1)?, cells.text(2)?)),
            None => {
                let reason = "a disclosure is stored for an entry that is not there";
                strays.push(finding(seq, Damage::DisclosureAltered, reason));
            }
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
    /// Hashes and compares: all the work that costs time.
    pub(super) fn hash(self, tenant: &str, permits: &Permits) -> Hashed {
        let targets: Vec<String> = self.rows.iter().map(|row| row.targets.text()).collect();
        let disclosures: Vec<Vec<DisclosureRow<'_>>> =
            self.rows.iter().map(Row::disclosures).collect();
        let stored: Vec<Stored<'_>> = self
            .rows
            .iter()
            .zip(&targets)
            .zip(&disclosures)
            .map(|((row, targets), disclosures)| row.stored(targets, disclosures))
            .collect();
        Hashed {
            report: verify_chunk_with(&stored, &LogIdentity { tenant }, permits),
            end: self.rows.last().map(Row::end),
            strays: self.strays,
        }
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
