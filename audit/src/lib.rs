//! Detects change in an append-only audit log; it does not prevent it.
//!
//! Every tenant has one log. An entry is a canonical JSON document that holds the hash of the entry before
//! it, so that an edit, a gap, an insertion or a swap among stored entries shows when the chain is walked.
//!
//! Limits. A chain alone carries no key: who can write the database can recompute all of it, and cutting the
//! tail together with the head leaves a shorter chain that is whole. The [`checkpoint`] signs the root of a [`merkle`]
//! tree over the same leaf hashes, which closes the first gap against anyone without the key; a checkpoint retained or
//! anchored outside closes the second, and nothing else does. The log proves nothing about events the application
//! never emitted.
//!
//! The crate is pure: no clock, no randomness, no network, no database. Times, ids, salts and seeds are
//! passed in. The format is written down byte for byte in `docs/audit-format.md`.

pub mod bundle;
pub mod canon;
pub mod chain;
pub mod checkpoint;
pub mod disclosure;
mod encoding;
pub mod entry;
pub mod genesis;
pub mod hash;
pub mod merkle;
pub mod note;
pub mod offline;
pub mod proof;
pub mod report;
pub mod retention;
pub mod sample;
pub mod tile;
mod time;
pub mod trim;
pub mod value;
