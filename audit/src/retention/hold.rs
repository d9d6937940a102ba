//! Legal holds: what must stay, as the entries of the log say.

use super::members::{integer, of_entry};
use crate::entry::{EntryRef, Outcome};

/// The action of an entry that sets a hold.
pub const HOLD_SET: &str = "audit.hold.set";
/// The action of an entry that lifts one.
pub const HOLD_CLEAR: &str = "audit.hold.clear";
/// The kind of target that names a hold.
const TARGET: &str = "hold";

/// A hold: entries of which nothing is taken while it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its uuid.
    pub id: String,
    /// The entry that set it.
    pub seq: u64,
    /// The first entry held.
    pub first: u64,
    /// The first entry behind that is not; `None` holds what is yet to come, too.
    pub until: Option<u64>,
    /// The entry that lifted it.
    pub cleared: Option<u64>,
}

impl Hold {
    /// Whether it is in force.
    pub fn is_active(&self) -> bool {
        self.cleared.is_none()
    }

    fn covers(&self, seq: u64) -> bool {
        self.is_active() && seq >= self.first && self.until.is_none_or(|until| seq < until)
    }
}

/// The holds of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds(Vec<Hold>);

impl FromIterator<Hold> for Holds {
    fn from_iter<I: IntoIterator<Item = Hold>>(holds: I) -> Holds {
        Holds(holds.into_iter().collect())
    }
}

impl Holds {
    /// Adds what an entry says; entries come in ascending order. One that failed or was denied says nothing, nor does
    /// one that lifts what was never set.
    pub fn add(&mut self, entry: &EntryRef<'_>) {
        if entry.outcome != Outcome::Success {
            return;
        }
        let Some(id) = entry
            .targets
            .into_iter()
            .find(|target| target.kind == TARGET)
        else {
            return;
        };
        match entry.action {
            HOLD_SET => self.set(entry, id.id),
            HOLD_CLEAR => {
                let hold = self.0.iter_mut().find(|hold| hold.id == id.id);
                if let Some(hold) = hold {
                    hold.cleared.get_or_insert(entry.seq);
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, entry: &EntryRef<'_>, id: &str) {
        let Some(meta) = of_entry(entry) else {
            return;
        };
        let Some(first) = integer(&meta, "first") else {
            return;
        };
        self.0.push(Hold {
            id: id.to_owned(),
            seq: entry.seq,
            first,
            until: integer(&meta, "until"),
            cleared: None,
        });
    }

    /// All of them, lifted ones included, oldest first.
    pub fn all(&self) -> &[Hold] {
        &self.0
    }

    /// The hold with this uuid.
    pub fn get(&self, id: &str) -> Option<&Hold> {
        self.0.iter().find(|hold| hold.id == id)
    }

    /// A hold that is in force over an entry.
    pub fn over(&self, seq: u64) -> Option<&Hold> {
        self.0.iter().find(|hold| hold.covers(seq))
    }

    /// The first held entry at or behind `from`.
    pub fn first_from(&self, from: u64) -> Option<u64> {
        let active = self.0.iter().filter(|hold| hold.is_active());
        let ahead =
            active.filter(|hold| hold.until.is_none_or(|until| until > from.max(hold.first)));
        ahead.map(|hold| hold.first.max(from)).min()
    }
}
