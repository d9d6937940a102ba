//! What a prune would take.

use super::hold::Holds;
use super::permit::PruneKind;
use crate::canon;
use crate::entry::Time;
use crate::hash::Hash;
use crate::tile::WIDTH;
use crate::value::Value;

/// Held entries that one prune lists at most; it ends before the next one, so that it fits an entry of the log.
pub const MAX_HELD: usize = 1_000;

const DAY_MICROS: i64 = 86_400_000_000;

/// How far a prune reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The first entry that stays.
    pub until: u64,
    /// Entries before that which stay, ascending.
    pub held: Vec<u64>,
}

/// What a prune would take, and of which log. Whoever agrees to it names its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The log's name.
    pub origin: String,
    /// What goes.
    pub kind: PruneKind,
    /// How old it is at least, in days.
    pub days: u32,
    /// Everything that goes was sequenced before this.
    pub before: Time,
    /// The first entry whose bytes are there.
    pub first: u64,
    /// How far it reaches.
    pub reach: Reach,
    /// Entries that lose something.
    pub entries: u64,
    /// Disclosures that go.
    pub disclosures: u64,
}

impl Plan {
    /// Whether it takes nothing.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// What is agreed to: SHA-256 of the plan in canonical form. The same log on the same day gives the same plan.
    pub fn hash(&self) -> Hash {
        Hash::of(&canon::write(&Value::object([
            ("before", Value::string(self.before.to_string())),
            ("days", Value::from(self.days)),
            ("disclosures", Value::Integer(self.disclosures)),
            ("entries", Value::Integer(self.entries)),
            ("first", Value::Integer(self.first)),
            (
                "held",
                Value::array(self.reach.held.iter().copied().map(Value::Integer)),
            ),
            ("kind", Value::from(self.kind.as_str())),
            ("origin", Value::string(self.origin.as_str())),
            ("until", Value::Integer(self.reach.until)),
        ])))
    }
}

/// The beginning of the day (UTC) that lies `days` before that of `now`; what was sequenced before it is older than
/// `days`.
pub fn day_before(now: Time, days: u32) -> Time {
    let today = now.as_micros().div_euclid(DAY_MICROS);
    let micros = today.saturating_sub(days.into()).saturating_mul(DAY_MICROS);
    Time::from_micros(micros.max(0)).unwrap_or(Time::EPOCH)
}

/// How far a prune of disclosures reaches: up to `expired`, the first entry that is not old enough. What is held
/// stays, and where too much of it is held to be listed, the prune ends.
pub fn payload_reach(first: u64, expired: u64, holds: &Holds) -> Reach {
    let mut reach = Reach {
        until: expired.max(first),
        held: Vec::new(),
    };
    let mut next = holds.first_from(first);
    while let Some(seq) = next.filter(|seq| *seq < reach.until) {
        if reach.held.len() == MAX_HELD {
            reach.until = seq;
            break;
        }
        reach.held.push(seq);
        next = holds.first_from(seq + 1);
    }
    reach
}

/// How far a prune of entries reaches: to a multiple of 256 that neither `expired`, the first entry that is not old
/// enough, nor anything held, nor `keep`, an entry that is still needed, nor the last of `size` entries lies before.
pub fn entries_reach(first: u64, expired: u64, size: u64, keep: u64, holds: &Holds) -> Reach {
    let last = size.saturating_sub(1);
    let held = holds.first_from(first).unwrap_or(u64::MAX);
    let bound = expired.min(last).min(keep).min(held);
    let until = bound - bound % u64::from(WIDTH);
    Reach {
        until: until.max(first),
        held: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
