//! Disclosures that are not there, and whether the log says why.

use crate::chain::{Damage, Finding};
use crate::retention::{FieldSet, GapCount, Permits};

/// What is held of gaps at most, in bytes: a log that documents more is beyond this program, and not damaged.
const MAX_PACKED: usize = 1 << 27;

/// The missing disclosures of a log, in ascending order: for each entry the distance from the one before and its
/// fields, in two bytes as a rule.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    packed: Vec<u8>,
    last: u64,
}

/// The gaps, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Entries whose gaps are permitted.
    pub(super) documented: GapCount,
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
        match permits.gap(seq, fields) {
            Some(gap) => self.documented.add(gap),
            None => {
                self.lost += 1;
                self.first.get_or_insert_with(|| lost(seq, fields));
            }
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
    use crate::retention::{Permit, Prune, PruneKind};

    const SEQS: [u64; 6] = [0, 1, 127, 128, 1 << 20, (1 << 53) - 1];

    fn redact(permits: &mut Permits, field: FieldSet) {
        permits.add(Permit::Redact(SEQS.map(|seq| (seq, field)).to_vec()));
    }

    #[test]
    fn gaps_come_back_as_they_were_added() {
        let (email, ip) = (
            FieldSet::of("actor.email").unwrap(),
            FieldSet::of("target.19.name").unwrap(),
        );
        let mut gaps = Gaps::default();
        let mut permits = Permits::default();
        SEQS.iter().for_each(|seq| gaps.add(*seq, email.and(ip)));
        redact(&mut permits, email);
        let judged = gaps.judge(&permits);
        assert_eq!(
            (judged.documented.redacted, judged.lost),
            (0, 6),
            "one field of two is not enough"
        );
        redact(&mut permits, ip);
        let judged = gaps.judge(&permits);
        let found = (judged.documented.redacted, judged.lost, judged.first);
        assert_eq!(found, (6, 0, None));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let email = FieldSet::of("actor.email").unwrap();
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
        permits.add(Permit::Prune(Prune {
            kind: PruneKind::Payload,
            until: 8,
            held: vec![3, 5],
        }));
        let judged = gaps.judge(&permits);
        assert_eq!((judged.documented.pruned, judged.lost), (6, 4));
        assert_eq!(judged.first.unwrap().seq, 3);
    }
}
