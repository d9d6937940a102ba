//! Black-box tests: the real binary, real databases, a real S3 protocol, over HTTP.
//!
//! [`Stack`] says what the binary runs on; the same test bodies run on every stack. With
//! `STRONGROOM_TEST_STACK=garage` the Postgres stack becomes the production shape: Garage as the
//! object store, two `serve` replicas and one `worker`, with requests going to the replicas in turn.

pub mod client;
pub mod file;
pub mod lossy;
pub mod neighbour;
pub mod objects;
pub mod process;
pub mod raw;
pub mod redis;
pub mod replicas;
pub mod schema;
pub mod stack;
pub mod wait;

pub use client::{Answer, Client};
pub use neighbour::Neighbour;
pub use redis::Redis;
pub use stack::{App, Stack};
