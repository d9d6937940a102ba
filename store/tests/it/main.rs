//! The store on both databases: every body runs on SQLite and on Postgres.

mod anchors;
mod chain;
mod connections;
mod entries;
mod export;
mod file;
mod ground;
mod inspection;
mod job;
mod ledger;
mod log_keys;
mod master_key;
mod operator_session;
mod outbox;
mod quota;
mod recording;
mod recovery;
mod retention;
mod revocation;
mod scene;
mod schema;
mod survey;
mod tampering;
mod upload;
mod verification;
