//! What a pass over a bundle has found, before anybody is believed.

use std::collections::BTreeMap;
use std::ops::Range;

use super::authority::Authority;
use super::front::Front;
use super::gaps::Gaps;
use super::tree::{Levels, Tree};
use super::unit::{Examined, Remark};
use crate::bundle::{FileDigest, ReadError};
use crate::chain::{ChunkReport, Damage, Finding, Report, Verifier};
use crate::entry::Time;
use crate::genesis::Previous;
use crate::hash::Hash;
use crate::retention::{GapCount, Permits};
use crate::tile::Tile;

/// Keys beyond this number are not taken from a log.
pub(super) const MAX_KEYS: usize = 1024;

/// Why a bundle was not read to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The input is no evidence of anything.
    Unreadable(String),
    /// The bundle is not the one that was written.
    Malformed(String),
    /// A file is not what it should be: its path, and the rest of the sentence.
    File(String, String),
    /// The same, where the log itself is damaged.
    Found(Box<Finding>, Option<String>),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Stop {
        match error {
            ReadError::Malformed(reason) => Stop::Malformed(reason),
            ReadError::Io(_) | ReadError::Foreign(_) => Stop::Unreadable(error.to_string()),
        }
    }
}

/// A key as an entry introduces it.
#[derive(Debug)]
pub(super) struct Introduced {
    pub(super) seq: u64,
    pub(super) key_no: u64,
    pub(super) vkey: String,
}

/// Findings of one rank.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The one with the lowest number.
    pub(super) first: Option<Finding>,
    pub(super) count: u64,
}

impl Tally {
    pub(super) fn add(&mut self, finding: Finding) {
        self.count += 1;
        self.keep(finding);
    }

    fn keep(&mut self, finding: Finding) {
        // What is wrong with an entry explains what is wrong with its disclosures.
        let rank = |finding: &Finding| {
            use Damage::{DisclosureAltered, DisclosureMissing};
            match finding.damage {
                DisclosureAltered => (finding.seq, 1),
                DisclosureMissing => (finding.seq, 2),
                _ => (finding.seq, 0),
            }
        };
        let earlier = |first: &Finding| rank(first) <= rank(&finding);
        if !self.first.as_ref().is_some_and(earlier) {
            self.first = Some(finding);
        }
    }

    fn add_report(&mut self, report: Report) {
        self.count += report.findings;
        report.first.into_iter().for_each(|first| self.keep(first));
    }
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) front: Option<Front>,
    /// The files other than tiles.
    pub(super) files: Vec<FileDigest>,
    /// Where the disclosures belong in `files`.
    pub(super) disclosures_at: usize,
    /// The entries that have a line of disclosures.
    pub(super) disclosed: Option<Range<u64>>,
    pub(super) manifest: Option<Vec<u8>>,
    pub(super) seal: Option<Vec<u8>>,
    pub(super) stop: Option<Stop>,
    /// Whether every tile was read.
    pub(super) is_walked: bool,

    /// Damage in entries and disclosures.
    pub(super) entries: Tally,
    /// Damage in the tree above them.
    pub(super) tree: Tally,
    pub(super) gaps: Gaps,
    pub(super) permits: Permits,
    /// The keys that entries introduce.
    pub(super) keys: Vec<Introduced>,
    /// The numbers of keys by the entry that ends them.
    pub(super) retired: Vec<(u64, u64)>,
    /// The name that the genesis gives the log.
    pub(super) origin: Option<String>,
    /// What the genesis says of the epoch before.
    pub(super) previous: Option<Previous>,
    /// Runs of entries that are there.
    pub(super) present: Vec<Range<u64>>,

    /// The sizes whose roots are wanted, ascending.
    pub(super) sizes: Vec<u64>,
    /// Their roots over the entries, as far as they are there.
    pub(super) roots: BTreeMap<u64, Hash>,
    /// When the last entry before such a size was sequenced.
    pub(super) times: BTreeMap<u64, Time>,
    leaves: Tree,
    levels: Levels,
    chain: Option<Verifier>,
    /// The end of what was added.
    end: u64,
    /// The last hash on record before it.
    last: Option<Hash>,
}

impl Evidence {
    /// Notes which roots will be needed.
    pub(super) fn expect(&mut self, front: &Front, sizes: &[u64]) {
        let anchors = front
            .anchors
            .iter()
            .map(|anchor| anchor.checkpoint.tree.size);
        self.sizes = sizes.iter().copied().chain(anchors).collect();
        self.sizes.push(front.checkpoint.tree.size);
        self.sizes.sort_unstable();
        self.sizes.dedup();
        self.roots.insert(0, crate::merkle::EMPTY_ROOT);
    }

    /// Adds the next tile.
    pub(super) fn add(&mut self, unit: Examined) {
        let places = unit.tile.places();
        self.chain(&places, unit.rows);
        self.roots(&places, &unit.leaves);
        if unit.tile.is_full() {
            self.leaves.push(unit.leaves_root);
            self.levels.push(unit.recorded_root);
        }
        self.end = places.end;
        self.last = unit.recorded.last().copied();
        for (tile, bytes) in unit.above {
            self.compare(tile, &bytes);
        }
        unit.remarks
            .into_iter()
            .for_each(|remark| self.note(remark));
    }

    /// Compares a higher tile with those below it.
    pub(super) fn compare(&mut self, tile: Tile, bytes: &[u8]) {
        if let Some(finding) = self.levels.compare(tile, bytes) {
            self.tree.add(finding);
        }
    }

    /// Ends the chain where reading ended.
    pub(super) fn close(&mut self) {
        if let Some(chain) = self.chain.take() {
            let last = self.last.unwrap_or(Hash::ZERO);
            self.entries.add_report(chain.finish_at(self.end, last));
        }
    }

    fn chain(&mut self, places: &Range<u64>, rows: Option<ChunkReport>) {
        let Some(rows) = rows else {
            return self.close();
        };
        let (size, last) = (self.end, self.last.unwrap_or(Hash::ZERO));
        self.chain
            .get_or_insert_with(|| Verifier::behind(size, last))
            .join(rows);
        match self
            .present
            .last_mut()
            .filter(|run| run.end == places.start)
        {
            Some(run) => run.end = places.end,
            None => self.present.push(places.clone()),
        }
    }

    fn roots(&mut self, places: &Range<u64>, leaves: &[Hash]) {
        let from = self.sizes.partition_point(|size| *size <= places.start);
        let to = self.sizes.partition_point(|size| *size <= places.end);
        for size in self.sizes[from..to].iter().copied() {
            // Below 257.
            let count = usize::try_from(size - places.start).unwrap_or(usize::MAX);
            let root = self.leaves.root_with(leaves.get(..count).unwrap_or(leaves));
            self.roots.insert(size, root);
        }
    }

    fn note(&mut self, remark: Remark) {
        match remark {
            Remark::Found(finding) => self.entries.add(finding),
            // With damage the gaps decide nothing, and need not be held.
            Remark::Gap(seq, fields) if self.entries.count == 0 => self.gaps.add(seq, fields),
            Remark::Gap(..) => {}
            Remark::Permit(seq, authority) => self.permit(seq, authority),
            Remark::Time(seq, at) => drop(self.times.insert(seq + 1, at)),
        }
    }

    fn permit(&mut self, seq: u64, authority: Authority) {
        match authority {
            Authority::Permit(permit) => self.permits.add(permit),
            Authority::Key(key_no, vkey) => self.introduce(seq, key_no, vkey),
            Authority::Retired(key_no) if self.retired.len() < MAX_KEYS => {
                self.retired.push((seq, key_no));
            }
            Authority::Retired(_) => {}
            Authority::Origin {
                origin,
                key,
                previous,
            } => {
                if let Some((key_no, vkey)) = key {
                    self.introduce(seq, key_no, vkey);
                }
                self.origin = Some(origin);
                self.previous = previous;
            }
        }
    }

    fn introduce(&mut self, seq: u64, key_no: u64, vkey: String) {
        if self.keys.len() < MAX_KEYS {
            self.keys.push(Introduced { seq, key_no, vkey });
        }
    }

    /// A genesis that gives the log another name than the checkpoint.
    pub(super) fn misnamed(&self) -> Option<Finding> {
        let (origin, front) = (self.origin.as_ref()?, self.front.as_ref()?);
        let reason = if origin.is_empty() {
            "the genesis names no log"
        } else {
            "the genesis names another log than the checkpoint"
        };
        (*origin != front.checkpoint.origin)
            .then(|| Finding::new(0, Damage::ContentAltered, reason))
    }

    /// Whether all that permits gaps was read, and undamaged: else nothing can be said of a gap that seems to
    /// have no permit.
    pub(super) fn knows_permits(&self) -> bool {
        self.stop.is_none() && self.entries.count == 0
    }

    /// Counts the documented gaps, and adds those that are not if that can be said.
    pub(super) fn add_gaps(&mut self, knows_permits: bool) -> GapCount {
        let judged = self.gaps.judge(&self.permits);
        if knows_permits {
            self.entries.count += judged.lost;
            judged
                .first
                .into_iter()
                .for_each(|first| self.entries.keep(first));
        }
        judged.documented
    }
}
