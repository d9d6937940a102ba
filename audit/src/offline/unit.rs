//! One tile of the log with all that belongs to it, examined apart from every other: what costs time, in parallel.

use std::ops::Range;

use super::authority::Authority;
use super::disclosed::{self, Lines};
use crate::chain::{ChunkReport, Damage, Finding, LogIdentity, Stored, verify_rows};
use crate::entry::{EntryRef, Time};
use crate::hash::Hash;
use crate::merkle::subtree_root;
use crate::retention::FieldSet;
use crate::tile::{Tile, WIDTH, entries, read_tile};

/// What was read for one tile of level 0.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) tile: Tile,
    /// The entries, if they are there.
    pub(super) entries: Option<Vec<u8>>,
    /// The hashes; their number is that of the tile.
    pub(super) hashes: Vec<u8>,
    /// Lines of disclosures, newlines included.
    pub(super) lines: Vec<u8>,
    /// The entries that have such a line, as far as is known.
    pub(super) disclosed: Range<u64>,
    /// Higher tiles that this one completes.
    pub(super) above: Vec<(Tile, Vec<u8>)>,
}

/// What a tile says on its own.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) tile: Tile,
    /// The hashes of the tile.
    pub(super) recorded: Vec<Hash>,
    /// The hashes of the entries, or those of the tile where there are none.
    pub(super) leaves: Vec<Hash>,
    /// The roots over both.
    pub(super) recorded_root: Hash,
    pub(super) leaves_root: Hash,
    /// The rows for the chain, if there are entries.
    pub(super) rows: Option<ChunkReport>,
    pub(super) remarks: Vec<Remark>,
    pub(super) above: Vec<(Tile, Vec<u8>)>,
}

/// Something about one entry that its tile alone cannot judge.
#[derive(Debug)]
pub(super) enum Remark {
    /// Damage.
    Found(Finding),
    /// Disclosures that are not there.
    Gap(u64, FieldSet),
    /// What the entry permits.
    Permit(u64, Authority),
    /// When an entry was sequenced that a checkpoint ends with.
    Time(u64, Time),
}

impl Unit {
    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, Vec::len) + self.hashes.len() + self.lines.len()
    }

    /// `sizes` are those of the checkpoints whose times are wanted, ascending.
    pub(super) fn examine(self, log: &LogIdentity<'_>, sizes: &[u64]) -> Examined {
        let recorded = read_tile(&self.hashes).unwrap_or_default();
        let mut remarks = Vec::new();
        let rows = self
            .entries
            .as_ref()
            .map(|bytes| self.rows(bytes, &recorded, log, sizes, &mut remarks));
        if self.entries.is_none() {
            remarks.extend(self.lines_without_entries());
        }
        let leaves = match &rows {
            Some(rows) if rows.row_count() == recorded.len() => {
                rows.leaves().map(|(leaf, _)| leaf).collect()
            }
            _ => recorded.clone(),
        };
        let recorded_root = subtree_root(&recorded);
        let leaves_root = if leaves == recorded {
            recorded_root
        } else {
            subtree_root(&leaves)
        };
        Examined {
            tile: self.tile,
            leaves_root,
            recorded_root,
            recorded,
            leaves,
            rows,
            remarks,
            above: self.above,
        }
    }

    fn rows(
        &self,
        bytes: &[u8],
        recorded: &[Hash],
        log: &LogIdentity<'_>,
        sizes: &[u64],
        remarks: &mut Vec<Remark>,
    ) -> ChunkReport {
        let places = self.tile.places();
        let (raws, rest) = split(bytes);
        let rows: Vec<Stored<'_>> = (places.start..)
            .zip(&raws)
            .enumerate()
            .map(|(index, (seq, raw))| Stored {
                seq,
                raw,
                leaf: recorded.get(index).map_or(&[], |hash| &hash.0),
                projection: None,
                disclosures: None,
            })
            .collect();
        if let Some(finding) = self.count(raws.len(), rest) {
            remarks.push(Remark::Found(finding));
        }
        let lines = Lines::read(&self.lines, places.start);
        remarks.extend(lines.finding(&places).map(Remark::Found));
        let sizes = ending_in(sizes, &places);
        verify_rows(&rows, log, |seq, entry| {
            // Of an entry in a wrong place the chain speaks.
            if seq == entry.seq && places.contains(&seq) {
                look(entry, &lines, &self.disclosed, sizes, remarks);
            }
        })
    }

    /// A file with more or fewer entries than the tile has hashes.
    fn count(&self, found: usize, rest: bool) -> Option<Finding> {
        let (places, found) = (self.tile.places(), found as u64);
        let expected = u64::from(self.tile.width);
        let path = self.tile.entries_path();
        if found > expected || (found == expected && rest) {
            let reason = format!("{path} goes on behind its last entry");
            return Some(Finding::new(places.end, Damage::EntryInserted, reason));
        }
        (found < expected).then(|| {
            let reason = format!("{path} has {found} entries, not {expected}");
            Finding::new(places.start + found, Damage::EntryMissing, reason)
        })
    }

    fn lines_without_entries(&self) -> Option<Remark> {
        let lines = Lines::read(&self.lines, self.tile.places().start);
        let seq = lines.first()?;
        let reason = "its disclosures are there, and the entry is not";
        Some(Remark::Found(Finding::new(
            seq,
            Damage::EntryMissing,
            reason,
        )))
    }
}

/// The entries of a file, one more than a tile has at most, and whether something is left. What is cut off at the
/// end counts as an entry: it will not read as one.
fn split(bytes: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut raws: Vec<&[u8]> = Vec::with_capacity(usize::from(WIDTH));
    let mut at = 0;
    for entry in entries(bytes).map_while(Result::ok) {
        at += 2 + entry.len();
        raws.push(entry);
    }
    let rest = &bytes[at..];
    if !rest.is_empty() && raws.len() < usize::from(WIDTH) {
        raws.push(rest);
        return (raws, false);
    }
    (raws, !rest.is_empty())
}

fn ending_in<'a>(sizes: &'a [u64], places: &Range<u64>) -> &'a [u64] {
    let from = sizes.partition_point(|size| *size <= places.start);
    let to = sizes.partition_point(|size| *size <= places.end);
    &sizes[from..to]
}

fn look(
    entry: &EntryRef<'_>,
    lines: &Lines<'_>,
    disclosed: &Range<u64>,
    sizes: &[u64],
    remarks: &mut Vec<Remark>,
) {
    if disclosed.contains(&entry.seq) {
        match disclosed::missing(entry, lines) {
            Ok(fields) if fields.is_empty() => {}
            Ok(fields) => remarks.push(Remark::Gap(entry.seq, fields)),
            Err(finding) => remarks.push(Remark::Found(finding)),
        }
    }
    if let Some(authority) = Authority::of(entry) {
        remarks.push(Remark::Permit(entry.seq, authority));
    }
    if sizes.contains(&(entry.seq + 1)) {
        remarks.push(Remark::Time(entry.seq, entry.ts));
    }
}
