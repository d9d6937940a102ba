//! What one stored row says on its own: everything that costs time, so that it runs in parallel.

use rayon::prelude::*;

use super::{Damage, Finding};
use crate::disclosure;
use crate::entry::{EntryError, EntryRef, Time};
use crate::genesis;
use crate::hash::{Hash, leaf};
use crate::retention::{FieldSet, Gap, GapCount, Permits};

/// The log that rows must belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogIdentity<'a> {
    /// The tenant's uuid; [`crate::entry::SYSTEM_TENANT`] for the system log.
    pub tenant: &'a str,
}

/// One stored row, as the database gave it.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// The row's key.
    pub seq: u64,
    /// The entry's bytes.
    pub raw: &'a [u8],
    /// The hash stored beside them; 32 bytes, or it counts as altered.
    pub leaf: &'a [u8],
    /// The columns that repeat fields of the entry; `None` leaves them unchecked.
    pub projection: Option<Projection<'a>>,
    /// All stored disclosures of the entry; `None` leaves them unchecked, an empty slice says there are none.
    pub disclosures: Option<&'a [DisclosureRow<'a>]>,
}

/// Columns that repeat fields of the entry.
#[derive(Clone, Copy, Debug)]
pub struct Projection<'a> {
    /// `id`
    pub event_id: &'a str,
    /// `action`
    pub action: &'a str,
    /// `outcome`
    pub outcome: &'a str,
    /// `actor.type`
    pub actor_type: &'a str,
    /// `actor.id`
    pub actor_id: &'a str,
    /// `at`, in microseconds since 1970.
    pub at_micros: i64,
    /// `ts`, in microseconds since 1970.
    pub ts_micros: i64,
    /// `targets` as canonical JSON text ([`crate::entry::Targets::as_text`]); `None` leaves them unchecked.
    pub targets: Option<&'a str>,
}

/// One stored disclosure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisclosureRow<'a> {
    /// The field it is stored under.
    pub field: &'a str,
    /// `d`
    pub text: &'a str,
}

/// What a run of rows says; [`super::Verifier::join`] puts runs together. About 200 bytes a row.
#[derive(Debug)]
pub struct ChunkReport {
    pub(super) facts: Vec<Fact>,
}

impl ChunkReport {
    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.facts.len()
    }

    /// How many rows lack disclosures that may be missing.
    pub fn gaps(&self) -> GapCount {
        let mut count = GapCount::default();
        let gaps = self.facts.iter().filter_map(|fact| fact.gap);
        gaps.for_each(|gap| count.add(gap));
        count
    }

    /// The leaf hash of each row's bytes, and its `ts`; the epoch for bytes that are no entry.
    pub fn leaves(&self) -> impl Iterator<Item = (Hash, Time)> {
        self.facts.iter().map(|fact| {
            let ts = fact.entry.as_ref().map_or(Time::EPOCH, |link| link.ts);
            (fact.recomputed, ts)
        })
    }
}

/// What one row says.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) key: u64,
    pub(super) recorded: Option<Hash>,
    pub(super) recomputed: Hash,
    pub(super) entry: Result<Link, EntryError>,
    /// A projection or disclosure that differs.
    pub(super) side: Option<Box<Finding>>,
    /// Why disclosures may be missing, if some are.
    pub(super) gap: Option<Gap>,
}

/// The fields of a readable entry by which it hangs in its log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) seq: u64,
    pub(super) prev: Hash,
    pub(super) ts: Time,
    pub(super) is_genesis: bool,
    pub(super) is_own: bool,
}

/// Checks rows one by one, in parallel on the current rayon pool. Rows are in the order of their key.
///
/// Says nothing about how they hang together; that is [`super::Verifier::join`].
pub fn verify_chunk(rows: &[Stored<'_>], log: &LogIdentity<'_>) -> ChunkReport {
    verify_chunk_with(rows, log, &Permits::default())
}

/// As [`verify_chunk`], but disclosures that `permits` says may be missing are no damage; [`ChunkReport::gaps`] counts
/// the rows.
pub fn verify_chunk_with(
    rows: &[Stored<'_>],
    log: &LogIdentity<'_>,
    permits: &Permits,
) -> ChunkReport {
    let facts = rows
        .par_iter()
        .with_min_len(64)
        .map(|row| judge(row, log, permits, EntryRef::parse(row.raw)))
        .collect();
    ChunkReport { facts }
}

/// As [`verify_chunk`], on this thread alone; `look` sees the key and the entry of each row that could be read.
pub(crate) fn verify_rows(
    rows: &[Stored<'_>],
    log: &LogIdentity<'_>,
    mut look: impl FnMut(u64, &EntryRef<'_>),
) -> ChunkReport {
    let permits = Permits::default();
    let read = |row: &Stored<'_>| {
        let entry = EntryRef::parse(row.raw);
        entry.iter().for_each(|entry| look(row.seq, entry));
        judge(row, log, &permits, entry)
    };
    ChunkReport {
        facts: rows.iter().map(read).collect(),
    }
}

fn judge(
    row: &Stored<'_>,
    log: &LogIdentity<'_>,
    permits: &Permits,
    entry: Result<EntryRef<'_>, EntryError>,
) -> Fact {
    let mut gap = None;
    let side = entry.as_ref().ok().and_then(|entry| {
        projection(row, entry).or_else(|| disclosures(row, entry, permits, &mut gap))
    });
    let link = |entry: EntryRef<'_>| Link {
        seq: entry.seq,
        prev: entry.prev,
        ts: entry.ts,
        is_genesis: entry.action == genesis::ACTION,
        is_own: entry.tenant == log.tenant,
    };
    Fact {
        key: row.seq,
        recorded: Hash::from_slice(row.leaf),
        recomputed: leaf(row.raw),
        entry: entry.map(link),
        side: side.map(Box::new),
        gap,
    }
}

fn projection(row: &Stored<'_>, entry: &EntryRef<'_>) -> Option<Finding> {
    let columns = row.projection.as_ref()?;
    let pairs = [
        ("event id", columns.event_id == entry.id),
        ("action", columns.action == entry.action),
        ("outcome", columns.outcome == entry.outcome.as_str()),
        (
            "actor type",
            columns.actor_type == entry.actor.kind.as_str(),
        ),
        ("actor id", columns.actor_id == entry.actor.id),
        (
            "time of the event",
            columns.at_micros == entry.at.as_micros(),
        ),
        (
            "time of sequencing",
            columns.ts_micros == entry.ts.as_micros(),
        ),
        (
            "targets",
            columns
                .targets
                .is_none_or(|targets| targets == entry.targets.as_text()),
        ),
    ];
    let (name, _) = pairs.into_iter().find(|(_, equal)| !equal)?;
    let reason = format!("the column for the {name} differs from the entry");
    Some(Finding::new(row.seq, Damage::ProjectionAltered, reason))
}

fn disclosures(
    row: &Stored<'_>,
    entry: &EntryRef<'_>,
    permits: &Permits,
    gap: &mut Option<Gap>,
) -> Option<Finding> {
    let stored = row.disclosures?;
    altered(row.seq, stored, entry).or_else(|| {
        let lost = missing(row.seq, stored, entry)?;
        *gap = permits.gap(row.seq, lost.1);
        gap.is_none().then_some(lost.0)
    })
}

fn altered(seq: u64, stored: &[DisclosureRow<'_>], entry: &EntryRef<'_>) -> Option<Finding> {
    stored.iter().find_map(|row| {
        let reason = match entry.sd.into_iter().find(|(field, _)| *field == row.field) {
            None => "the entry has no digest for it".to_owned(),
            Some((field, digest)) => disclosure::check(row.text, field, digest)
                .err()?
                .to_string(),
        };
        let reason = format!("disclosure of `{}`: {reason}", row.field);
        Some(Finding::new(seq, Damage::DisclosureAltered, reason))
    })
}

/// What to say of the first field whose disclosure is gone, and all such fields.
fn missing(
    seq: u64,
    stored: &[DisclosureRow<'_>],
    entry: &EntryRef<'_>,
) -> Option<(Finding, FieldSet)> {
    let gone = |(field, _): &(&str, &str)| stored.iter().all(|row| row.field != *field);
    let mut fields = entry.sd.into_iter().filter(gone).peekable();
    let (first, _) = *fields.peek()?;
    let reason = format!("the disclosure of `{first}` is gone");
    let finding = Finding::new(seq, Damage::DisclosureMissing, reason);
    let fields = fields.filter_map(|(field, _)| FieldSet::of(field));
    Some((finding, fields.collect()))
}
