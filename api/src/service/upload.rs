//! The ways in for a file's bytes: streamed through the server, or put straight into the store.
//!
//! Rows and objects cannot change together, so each way has an order in which a crash at any point leaves
//! something that a sweeper or the job finds, and never a ready file without its bytes:
//!
//! | crash after | what is left | who closes it |
//! | --- | --- | --- |
//! | the intent is committed | open upload, held bytes | upload sweep: nothing in the store, row rejected |
//! | some parts are sent | the same and a multipart upload | upload sweep: aborted by id, or found by key |
//! | the object is finished | the same and an object nobody may read | upload sweep: object deleted, row rejected |
//! | the settling commit, its answer lost | a ready file with its object | nobody needs to |
//! | a failure, the object removed | open upload, held bytes | upload sweep |
//! | a direct upload is created | open upload, perhaps a staging object | upload sweep |
//! | it is completed | file being verified, a job | the job, again |
//! | the copy, or its check | the same and an object nobody may read | the job, again, over the same key |
//! | the verdict is committed | a staging object | the job, again, or the orphan sweep |
//!
//! The sweep leaves an upload alone for [`SWEEP_MARGIN`] after its time, and a stream settles within its
//! time or not at all: so neither can act on what the other is about to do.

pub mod direct;
mod in_flight;
mod intake;
mod place;
pub mod stream;

use std::time::Duration;

pub use in_flight::{Berth, InFlight};
pub(crate) use intake::{Expected, Intake};
pub use place::Address;
pub(crate) use place::Place;

/// How long after its end an upload is left alone, for whoever began the last step in time; more than
/// a statement may take and clocks of replicas may differ.
pub const SWEEP_MARGIN: Duration = Duration::from_secs(60);
