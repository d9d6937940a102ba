//! What entries of the log bring about: gaps that are permitted, and new keys.

use crate::entry::{EntryRef, Outcome};
use crate::genesis::{self, Previous};
use crate::retention::{Members, Permit, of_entry, text};

/// The action of an entry that introduces a key.
pub const KEY: &str = "audit.key";

/// What one entry brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    Permit(Permit),
    Key(String),
    /// The genesis: the log's first key and the name it was given.
    Origin {
        origin: String,
        vkey: String,
        /// The epoch before, in a log that was recovered.
        previous: Option<Previous>,
    },
}

impl Authority {
    /// What `entry` brings about. An entry that failed or was denied does nothing, nor does one that does not follow
    /// the form.
    pub(super) fn of(entry: &EntryRef<'_>) -> Option<Authority> {
        // Nearly every entry ends here.
        if !entry.action.starts_with("audit.") || entry.outcome != Outcome::Success {
            return None;
        }
        match entry.action {
            KEY => Some(Authority::Key(text(&of_entry(entry)?, "vkey")?)),
            genesis::ACTION => origin(&of_entry(entry)?),
            _ => Permit::of(entry).map(Authority::Permit),
        }
    }
}

fn origin(meta: &Members) -> Option<Authority> {
    Some(Authority::Origin {
        origin: text(meta, "origin")?,
        vkey: text(meta, "vkey")?,
        previous: Previous::of_meta(meta).and_then(Result::ok),
    })
}
