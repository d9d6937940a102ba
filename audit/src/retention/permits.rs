//! All that the entries of a log permit together.

use std::collections::BTreeMap;

use super::field::FieldSet;
use super::permit::{Permit, Prune, PruneKind};

/// More is not held: a log that documents more is beyond this program, and not damaged.
const MAX_PERMITS: usize = 1 << 20;

impl Prune {
    /// Whether everything that `other` permits is permitted by this one.
    fn covers(&self, other: &Self) -> bool {
        let spares = |seq: &u64| other.held.binary_search(seq).is_ok() || *seq >= other.until;
        self.kind == other.kind && self.until >= other.until && self.held.iter().all(spares)
    }
}

/// What entries of a log permit to be missing.
#[derive(Clone, Debug, Default)]
pub struct Permits {
    redacted: BTreeMap<u64, FieldSet>,
    prunes: Vec<Prune>,
    /// Redacted and held entries, and prunes.
    count: usize,
}

/// Why disclosures of an entry may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Redactions name all that are missing.
    Redacted,
    /// A prune took them.
    Pruned,
}

/// How many entries have a documented gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GapCount {
    /// Entries of which a prune took the bytes or disclosures.
    pub pruned: u64,
    /// Entries of which redactions took disclosures.
    pub redacted: u64,
}

impl GapCount {
    /// Counts one more.
    pub fn add(&mut self, gap: Gap) {
        match gap {
            Gap::Redacted => self.redacted += 1,
            Gap::Pruned => self.pruned += 1,
        }
    }
}

impl Permits {
    /// Adds what one entry permits.
    pub fn add(&mut self, permit: Permit) {
        match permit {
            Permit::Redact(entries) => entries
                .into_iter()
                .for_each(|(seq, fields)| self.redact(seq, fields)),
            Permit::Prune(prune) => self.prune(prune),
        }
    }

    fn redact(&mut self, seq: u64, fields: FieldSet) {
        self.count += 1;
        if self.is_full() {
            return;
        }
        let known = self.redacted.entry(seq).or_default();
        *known = known.and(fields);
    }

    fn prune(&mut self, prune: Prune) {
        // A prune that repeats the ones before, as those of a policy do, takes their place.
        let count = &mut self.count;
        self.prunes.retain(|before| {
            let stays = !prune.covers(before);
            *count -= if stays { 0 } else { 1 + before.held.len() };
            stays
        });
        self.count += 1 + prune.held.len();
        if !self.is_full() {
            self.prunes.push(prune);
        }
    }

    /// Whether more is permitted than can be held.
    pub fn is_full(&self) -> bool {
        self.count > MAX_PERMITS
    }

    /// The first entry whose bytes no prune may have taken.
    pub fn entries_from(&self) -> u64 {
        let entries = |prune: &&Prune| prune.kind == PruneKind::Entries;
        let untils = self.prunes.iter().filter(entries).map(|prune| prune.until);
        untils.max().unwrap_or(0)
    }

    /// The fields of an entry that redactions name.
    pub fn redacted(&self, seq: u64) -> FieldSet {
        self.redacted.get(&seq).copied().unwrap_or_default()
    }

    /// Why all of these fields of an entry may be missing; `None` when they may not.
    pub fn gap(&self, seq: u64, missing: FieldSet) -> Option<Gap> {
        if self.redacted.contains_key(&seq) && self.redacted(seq).covers(missing) {
            Some(Gap::Redacted)
        } else {
            self.is_pruned(seq).then_some(Gap::Pruned)
        }
    }

    fn is_pruned(&self, seq: u64) -> bool {
        // The newest reaches farthest as a rule.
        self.prunes.iter().rev().any(|prune| {
            prune.kind == PruneKind::Payload
                && seq < prune.until
                && prune.held.binary_search(&seq).is_err()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded() {
        let email = FieldSet::of("actor.email").unwrap();
        let mut permits = Permits::default();
        let entries = (0..=MAX_PERMITS as u64).map(|seq| (seq, email));
        permits.add(Permit::Redact(entries.collect()));
        assert!(permits.is_full());
        assert_eq!(permits.redacted.len(), MAX_PERMITS);
    }

    #[test]
    fn redactions_add_up_and_prunes_spare_what_is_held() {
        let email = FieldSet::of("actor.email").unwrap();
        let ip = FieldSet::of("actor.ip").unwrap();
        let mut permits = Permits::default();
        permits.add(Permit::Redact(vec![(1, email)]));
        assert_eq!(permits.gap(1, email.and(ip)), None);
        permits.add(Permit::Redact(vec![(1, ip)]));
        assert_eq!(permits.gap(1, email.and(ip)), Some(Gap::Redacted));
        permits.add(Permit::Prune(Prune {
            kind: PruneKind::Payload,
            until: 8,
            held: vec![3, 5],
        }));
        let pruned = (0..10).filter(|seq| permits.gap(*seq, email) == Some(Gap::Pruned));
        assert_eq!(pruned.collect::<Vec<u64>>(), [0, 2, 4, 6, 7]);
        assert_eq!(permits.entries_from(), 0);
        permits.add(Permit::Prune(Prune {
            kind: PruneKind::Entries,
            until: 256,
            held: Vec::new(),
        }));
        assert_eq!(permits.entries_from(), 256);
        assert_eq!(permits.gap(9, email), None, "bytes are not disclosures");
    }
}
