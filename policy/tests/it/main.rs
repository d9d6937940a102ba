//! Tests of the rules, in one binary.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod catalogue;
mod names;
mod period;
mod quota;
mod rights;
mod settings;
mod states;
mod tiers;
