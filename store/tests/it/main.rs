//! The store on both databases: every body runs on SQLite and on Postgres.

mod chain;
mod connections;
mod entries;
mod outbox;
mod recording;
mod scene;
mod schema;
mod tampering;
mod verification;
