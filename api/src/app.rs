//! The application: everything a request needs, made once at start.

use std::sync::Arc;

use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{adapter::blob::Blob, config::Config};

/// Everything a request needs. Shared, never changed after start.
#[derive(Debug)]
pub struct App {
    /// What was configured.
    pub config: Arc<Config>,
    /// The database behind its wall.
    pub store: Store,
    /// The object store.
    pub blob: Blob,
    /// Background tasks; drained before the process ends.
    pub tasks: TaskTracker,
    /// Cancelled when the process begins to stop.
    pub stopping: CancellationToken,
}
