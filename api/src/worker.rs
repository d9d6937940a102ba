//! Work beside requests, in three kinds.
//!
//! - What a process counts in memory it writes itself: [`flush`], wherever requests are answered.
//! - Chains are appended to by whoever has time: [`start`], in any number of processes.
//! - So are jobs and sweeps; rows are claimed, so that no two processes do the same.
//!
//! Each task runs until it is stopped. A failed pass is logged, counted and tried again, later each
//! time; a pass that panics is one that failed, and touches no other task.

pub mod anchor;
pub mod export;
pub mod flush;
mod jobs;
pub mod log_keys;
pub mod purge;
pub mod retention;
mod revocation;
mod sequencer;
pub mod settle;
mod standing;
mod supervise;
pub mod sweep;
mod sweeps;
pub mod verification;

use std::sync::Arc;

pub use supervise::Running;

use crate::app::App;

/// Starts appending to chains and verifying them, doing jobs and sweeping.
pub fn start(app: &Arc<App>) -> Running {
    let mut running = Running::new(app);
    sequencer::start(app, &mut running);
    jobs::start(app, &mut running);
    sweeps::start(app, &mut running);
    log_keys::start(app, &mut running);
    anchor::start(app, &mut running);
    retention::start(app, &mut running);
    verification::start(app, &mut running);
    running
}
