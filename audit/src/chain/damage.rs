//! What can be wrong, and where.

use crate::hash::Hash;

/// What happened to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Damage {
    /// An entry's bytes, or the hash stored beside them, are not what was sealed.
    ContentAltered,
    /// An entry does not follow the entry before it, and it is the later one that was changed.
    LinkBroken,
    /// An entry is gone.
    EntryMissing,
    /// An entry is there that was not sealed there.
    EntryInserted,
    /// An entry stands in another's place.
    Reordered,
    /// A column that repeats a field of the entry differs from it.
    ProjectionAltered,
    /// A disclosure does not have the digest in its entry, or no entry asks for it.
    DisclosureAltered,
    /// A disclosure that an entry refers to is gone.
    DisclosureMissing,
    /// The log is shorter than it is known to have been.
    RolledBack,
    /// The log differs from what it is known to have been.
    Forked,
}

impl Damage {
    /// Every kind.
    pub const ALL: [Damage; 10] = [
        Damage::ContentAltered,
        Damage::LinkBroken,
        Damage::EntryMissing,
        Damage::EntryInserted,
        Damage::Reordered,
        Damage::ProjectionAltered,
        Damage::DisclosureAltered,
        Damage::DisclosureMissing,
        Damage::RolledBack,
        Damage::Forked,
    ];

    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Damage::ContentAltered => "CONTENT_ALTERED",
            Damage::LinkBroken => "LINK_BROKEN",
            Damage::EntryMissing => "ENTRY_MISSING",
            Damage::EntryInserted => "ENTRY_INSERTED",
            Damage::Reordered => "REORDERED",
            Damage::ProjectionAltered => "PROJECTION_ALTERED",
            Damage::DisclosureAltered => "DISCLOSURE_ALTERED",
            Damage::DisclosureMissing => "DISCLOSURE_MISSING",
            Damage::RolledBack => "ROLLED_BACK",
            Damage::Forked => "FORKED",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Damage> {
        Damage::ALL
            .into_iter()
            .find(|damage| damage.as_str() == text)
    }
}

/// One thing wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first bad entry.
    pub seq: u64,
    /// What happened to it.
    pub damage: Damage,
    /// A sentence for the auditor.
    pub reason: String,
    /// The hash on record for the entry, where a hash is the evidence.
    pub recorded: Option<Hash>,
    /// The hash of the bytes found.
    pub recomputed: Option<Hash>,
}

impl Finding {
    pub(crate) fn new(seq: u64, damage: Damage, reason: impl Into<String>) -> Finding {
        Finding {
            seq,
            damage,
            reason: reason.into(),
            recorded: None,
            recomputed: None,
        }
    }

    pub(crate) fn hashes(self, recorded: Option<Hash>, recomputed: Option<Hash>) -> Finding {
        Finding {
            recorded,
            recomputed,
            ..self
        }
    }
}
