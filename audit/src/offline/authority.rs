//! What entries of the log bring about: gaps that are permitted, keys that come and go.

use crate::entry::{EntryRef, Outcome};
use crate::genesis::{self, Previous};
use crate::retention::{Members, Permit, integer, of_entry, text};

/// The action of an entry that introduces a key.
pub const KEY: &str = "audit.key";
/// The action of an entry that ends a key.
pub const RETIRED: &str = "audit.key.retired";

/// The number of the key in the genesis.
const FIRST_KEY: u64 = 1;

/// What one entry brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    Permit(Permit),
    /// A key of that number comes.
    Key(u64, String),
    /// The key of that number goes.
    Retired(u64),
    /// The genesis: the log's first key and the name it was given.
    Origin {
        origin: String,
        key: Option<(u64, String)>,
        /// The epoch before, in a log that was recovered.
        previous: Option<Previous>,
    },
}

impl Authority {
    /// What `entry` brings about. An entry that failed or was denied does nothing, nor does one that does not follow
    /// the form; but a genesis without a name still says that it names no log.
    pub(super) fn of(entry: &EntryRef<'_>) -> Option<Authority> {
        // Nearly every entry ends here.
        if !entry.action.starts_with("audit.") || entry.outcome != Outcome::Success {
            return None;
        }
        match entry.action {
            KEY => {
                let meta = of_entry(entry)?;
                Some(Authority::Key(
                    integer(&meta, "key_no")?,
                    text(&meta, "vkey")?,
                ))
            }
            RETIRED => Some(Authority::Retired(integer(&of_entry(entry)?, "key_no")?)),
            genesis::ACTION => Some(origin(&of_entry(entry)?)),
            _ => Permit::of(entry).map(Authority::Permit),
        }
    }
}

fn origin(meta: &Members) -> Authority {
    Authority::Origin {
        origin: text(meta, "origin").unwrap_or_default(),
        key: text(meta, "vkey").map(|vkey| (FIRST_KEY, vkey)),
        previous: Previous::of_meta(meta).and_then(Result::ok),
    }
}
