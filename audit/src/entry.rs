//! One entry of a log: what the application drafts, and what the sequencer seals.

mod draft;
mod grammar;
mod read;
mod seal;
mod words;

pub(crate) use grammar::is_uuid;

pub use draft::{Draft, DraftError, Entry};
pub use read::{ActorRef, Digests, EntryError, EntryRef, ReqRef, TargetRef, Targets};
pub use seal::{Position, Sealed, seal};
pub use words::{ActorKind, Outcome};

pub use crate::time::{Time, TimeError};
pub use crate::trim::Trim;

/// The `v` of every entry this crate writes and reads.
pub const VERSION: &str = "audit/1";

/// The tenant of the system log: the nil uuid.
pub const SYSTEM_TENANT: &str = "00000000-0000-0000-0000-000000000000";

/// The largest number of targets in one entry.
pub const MAX_TARGETS: usize = 20;

/// Who did it, by a pseudonym.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What sort of principal.
    pub kind: ActorKind,
    /// A uuid for `user` (the membership), `api_key` and `operator`; the reason, `[A-Za-z0-9_.-]{1,64}`, for
    /// `system`; the word `anonymous` for `anonymous`.
    pub id: String,
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The noun, `[a-z_]{1,64}`.
    pub kind: String,
    /// A uuid, lower case with hyphens.
    pub id: String,
}

/// The request it was done in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Req {
    /// A uuid made by the server.
    pub id: String,
    /// The caller's trace, `[0-9a-f-]{0,64}`; empty when there was none.
    pub trace: String,
}

#[cfg(test)]
pub(crate) mod tests;
