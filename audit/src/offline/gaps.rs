//! Disclosures that are not there, and whether the log says why.

use std::collections::BTreeMap;

use super::authority::{Prune, PruneKind};
use super::field::FieldSet;
use crate::chain::{Damage, Finding};

/// What is held of gaps and permits at most, in bytes and in numbers: a log that documents more is beyond this
/// program, and not damaged.
const MAX_PACKED: usize = 1 << 27;
const MAX_PERMITS: usize = 1 << 20;

/// The missing disclosures of a log, in ascending order: for each entry the distance from the one before and its
/// fields, in two bytes as a rule.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    packed: Vec<u8>,
    last: u64,
}

/// What entries of the log permit to be missing.
#[derive(Debug, Default)]
pub(super) struct Permits {
    redacted: BTreeMap<u64, FieldSet>,
    prunes: Vec<Prune>,
    /// Redacted and held entries, and prunes.
    count: usize,
}

impl Permits {
    pub(super) fn redact(&mut self, seq: u64, fields: FieldSet) {
        self.count += 1;
        if self.is_full() {
            return;
        }
        let known = self.redacted.entry(seq).or_default();
        *known = known.and(fields);
    }

    pub(super) fn prune(&mut self, prune: Prune) {
        self.count += 1 + prune.held.len();
        if !self.is_full() {
            self.prunes.push(prune);
        }
    }

    /// Whether more is permitted than can be held.
    pub(super) fn is_full(&self) -> bool {
        self.count > MAX_PERMITS
    }

    /// The first entry whose bytes no prune has taken.
    pub(super) fn entries_from(&self) -> u64 {
        let entries = |prune: &&Prune| prune.kind == PruneKind::Entries;
        let untils = self.prunes.iter().filter(entries).map(|prune| prune.until);
        untils.max().unwrap_or(0)
    }

    fn is_pruned(&self, seq: u64) -> bool {
        // The newest reaches farthest as a rule.
        self.prunes.iter().rev().any(|prune| {
            prune.kind == PruneKind::Payload
                && seq < prune.until
                && prune.held.binary_search(&seq).is_err()
        })
    }

    fn is_redacted(&self, seq: u64, fields: FieldSet) -> bool {
        self.redacted
            .get(&seq)
            .is_some_and(|redacted| redacted.covers(fields))
    }
}

/// The gaps, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Entries of which a prune took disclosures.
    pub(super) pruned: u64,
    /// Entries of which a redaction took disclosures.
    pub(super) redacted: u64,
    /// Entries of which disclosures are gone without a word.
    pub(super) lost: u64,
    /// The first of those.
    pub(super) first: Option<Finding>,
}

impl Gaps {
    /// Notes that `fields` of the entry are missing; entries come in ascending order.
    pub(super) fn add(&mut self, seq: u64, fields: FieldSet) {
        if self.is_full() {
            return;
        }
        pack(&mut self.packed, seq - self.last);
        pack(&mut self.packed, fields.bits().into());
        self.last = seq;
    }

    /// Whether there are more gaps than can be held.
    pub(super) fn is_full(&self) -> bool {
        self.packed.len() >= MAX_PACKED
    }

    pub(super) fn judge(&self, permits: &Permits) -> Judged {
        let (mut judged, mut seq) = (Judged::default(), 0);
        let mut numbers = Unpack(self.packed.iter());
        while let (Some(distance), Some(fields)) = (numbers.next(), numbers.next()) {
            seq += distance;
            judged.count(seq, FieldSet::from_bits(fields), permits);
        }
        judged
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn pack(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [.., low] = number.to_be_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

struct Unpack<'a>(std::slice::Iter<'a, u8>);

impl Iterator for Unpack<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = *self.0.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }
}

impl Judged {
    fn count(&mut self, seq: u64, fields: FieldSet, permits: &Permits) {
        if permits.is_redacted(seq, fields) {
            self.redacted += 1;
        } else if permits.is_pruned(seq) {
            self.pruned += 1;
        } else {
            self.lost += 1;
            self.first.get_or_insert_with(|| lost(seq, fields));
        }
    }
}

fn lost(seq: u64, fields: FieldSet) -> Finding {
    let field = fields.first().unwrap_or_default();
    let reason = format!("the disclosure of `{field}` is gone, and no entry says why");
    Finding::new(seq, Damage::DisclosureMissing, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_come_back_as_they_were_added() {
        let (email, ip) = (
            FieldSet::of("actor.email").unwrap(),
            FieldSet::of("target.19.name").unwrap(),
        );
        let mut gaps = Gaps::default();
        let mut permits = Permits::default();
        for seq in [0, 1, 127, 128, 1 << 20, (1 << 53) - 1] {
            gaps.add(seq, email.and(ip));
            permits.redact(seq, email);
        }
        let judged = gaps.judge(&permits);
        assert_eq!(
            (judged.redacted, judged.lost),
            (0, 6),
            "one field of two is not enough"
        );
        for seq in [0, 1, 127, 128, 1 << 20, (1 << 53) - 1] {
            permits.redact(seq, ip);
        }
        let judged = gaps.judge(&permits);
        assert_eq!((judged.redacted, judged.lost, judged.first), (6, 0, None));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let email = FieldSet::of("actor.email").unwrap();
        let mut permits = Permits::default();
        (0..=MAX_PERMITS as u64).for_each(|seq| permits.redact(seq, email));
        assert!(permits.is_full());
        assert_eq!(permits.redacted.len(), MAX_PERMITS);
        let mut gaps = Gaps::default();
        (0..MAX_PACKED as u64).for_each(|seq| gaps.add(seq, email));
        assert!(gaps.is_full());
        assert!(gaps.packed.len() <= MAX_PACKED + 16);
    }

    #[test]
    fn a_prune_takes_what_lies_before_it_and_is_not_held() {
        let email = FieldSet::of("actor.email").unwrap();
        let mut gaps = Gaps::default();
        (0..10).for_each(|seq| gaps.add(seq, email));
        let mut permits = Permits::default();
        permits.prune(Prune {
            kind: PruneKind::Payload,
            until: 8,
            held: vec![3, 5],
        });
        let judged = gaps.judge(&permits);
        assert_eq!((judged.pruned, judged.lost), (6, 4));
        assert_eq!(judged.first.unwrap().seq, 3);
    }
}
