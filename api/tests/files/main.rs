//! The ways of a file: in, kept, out. Every body runs on SQLite and on Postgres, with a real object store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod anchor;
mod direct;
mod life;
mod link;
mod right;
mod scene;
mod stream;
mod sweep;
