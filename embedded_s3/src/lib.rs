//! An S3 endpoint inside the process: objects live in one directory and are reached over loopback HTTP only.
//!
//! It stands in for a real object store on a laptop. The server talks to it through an ordinary S3 client, and
//! browsers, curl and boto3 through presigned URLs, so nothing behaves differently when a real store takes its place.
//!
//! What it promises: an object is replaced as a whole or not at all, its bytes and its `ETag` change together, an
//! answered write survives a crash, a refused write leaves nothing behind, and memory does not grow with object size.
//! Memory grows with the *number* of objects: the index holds every object's record, measured at about 1 KiB each
//! for 100 000 objects with keys of 130 bytes.
//!
//! What it is not: versioned, replicated, encrypted at rest, or meant for a network. One credential pair sees all.
//!
//! # Logging
//!
//! `s3s`, the protocol layer below, writes whole requests with their signatures at `DEBUG` and every expected refusal
//! (a missing key, say) at `ERROR`. Add [`TRACING_DIRECTIVE`] to the process's filter; this crate logs its own faults
//! under the target `embedded_s3`, without keys, addresses or query strings.

mod config;
mod digest;
mod disk;
mod door;
mod error;
mod record;
mod s3;
mod server;
mod store;

pub use crate::config::Config;
pub use crate::error::StartError;
pub use crate::server::{Server, start};

/// The `tracing` filter directive that keeps signatures and presigned query strings out of logs.
pub const TRACING_DIRECTIVE: &str = "s3s=off";
