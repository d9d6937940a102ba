//! What may be missing from a log, and what may be taken from it next: the arithmetic that whoever takes and
//! whoever verifies have in common.
//!
//! Nothing is ever deleted without an entry of the log that says so first: [`Permit`] is what such an entry permits,
//! [`Permits`] is all that a log permits together. [`Holds`] are what its entries forbid. A [`Plan`] says what a prune
//! would take; its hash is what somebody agrees to.
//!
//! Limits. What an entry permits is worth as much as the signature over the entry: whoever verifies has to check the
//! chain, too.

mod field;
mod hold;
mod members;
mod permit;
mod permits;
mod plan;

pub use field::FieldSet;
pub use hold::{HOLD_CLEAR, HOLD_SET, Hold, Holds};
pub use members::{Members, integer, text};
pub use permit::{PRUNE, Permit, Prune, PruneKind, REDACT, redact_meta};
pub use permits::{Gap, GapCount, Permits};
pub use plan::{MAX_HELD, Plan, Reach, day_before, entries_reach, payload_reach};

pub(crate) use members::of_entry;
