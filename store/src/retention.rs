//! Retention of a log: holds, redactions, prunes.
//!
//! Nothing is deleted without an entry that says so first. The entry is appended, and signed with the tree over it, in
//! a transaction of its own ([`redaction`], [`prune`]); the deletion follows, in batches that begin where the last one
//! ended ([`removal`]). Broken off anywhere in between, either nothing has happened or the rest of the deletion is
//! still to do, and verification passes in every state between. What may be missing is the arithmetic of
//! [`audit::retention`], the same that verifiers use.
//!
//! A hold wins: what is held is neither redacted nor pruned, not even if the hold came between the entry and the
//! deletion.
//!
//! Limits. A copy of the database outside (a backup, a replica) keeps what was deleted here for as long as it is kept.

mod carried;
pub(crate) mod history;
mod hold;
mod plan;
mod prune;
mod redaction;
mod register;
mod removal;
mod seal;

pub use carried::{CarriedKey, Policy};
pub use hold::{HoldPlacedRow, NewHold};
pub use plan::PruneRequest;
pub use prune::PruneBegun;
pub use redaction::{NewRedaction, RedactedEntry, RedactionBegun};
pub use register::{HoldRow, RemovalRow};
pub use removal::{Removal, Step};

pub(crate) use carried::Carried;
pub(crate) use history::History;
pub(crate) use seal::Sealing;

use policy::limit::REASON_MAX_CHARS;

use crate::{ConflictCode, StoreError};

const CODE_MAX_CHARS: usize = 100;

fn refused(cause: impl Into<String>) -> StoreError {
    StoreError::conflict(ConflictCode::InvalidState, cause)
}

/// A reference that stands in the entry for good, and so must not be personal: nothing but the characters that
/// numbers of files and paragraphs are made of.
pub(crate) fn code(field: &'static str, text: &str) -> Result<String, StoreError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._:/#()-".contains(c);
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= CODE_MAX_CHARS && text.chars().all(allowed);
    fits.then(|| text.to_owned()).ok_or_else(|| {
        let message = format!(
            "{field} must be 1 to {CODE_MAX_CHARS} letters, digits, spaces or ._:/#()- and name nobody: it stays for good"
        );
        StoreError::invalid(field, message)
    })
}

/// Words of a person, which stand in a disclosure.
fn reason(text: Option<String>) -> Result<Option<String>, StoreError> {
    match text {
        Some(text) if text.chars().count() > REASON_MAX_CHARS => Err(StoreError::invalid(
            "reason",
            format!("reason must be at most {REASON_MAX_CHARS} characters"),
        )),
        text => Ok(text.filter(|text| !text.trim().is_empty())),
    }
}
