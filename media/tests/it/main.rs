//! Tests of names, sniffing and verdicts, in one binary.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod disposition;
mod fixture;
mod names;
mod sniffing;
mod verdicts;
