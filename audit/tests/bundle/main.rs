//! Bundles as an auditor gets them: whole, with gaps, attacked, malformed.
#![expect(clippy::unwrap_used, reason = "a panic is the failure of a test")]

mod archive;
mod attack;
mod command;
mod flips;
mod hostile;
mod sample;
mod script;
mod signed;
mod tamper;
mod whole;
