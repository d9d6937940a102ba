//! Where the time comes from. Nothing else in the workspace asks the system.

use std::fmt::Debug;

use chrono::{DateTime, SubsecRound, Utc};

/// The time, injectable so that tests can move it.
pub trait Clock: Debug + Send + Sync {
    /// Now, in whole microseconds: what both databases and the audit log can hold exactly.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}
