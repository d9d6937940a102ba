//! The application: everything a request needs, made once at start.

use std::sync::Arc;

use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    adapter::{
        anchor::Anchors, blob::Blob, link_cache::LinkCache, password::Passwords, redis::Redis,
    },
    config::Config,
    service::upload::InFlight,
};

/// Everything a request needs. Shared, never changed after start.
#[derive(Debug)]
pub struct App {
    /// What was configured.
    pub config: Arc<Config>,
    /// The database behind its wall.
    pub store: Store,
    /// The object store.
    pub blob: Blob,
    /// Where the heads of logs are kept outside the database.
    pub anchors: Anchors,
    /// Hashes and compares passwords, few at a time.
    pub passwords: Passwords,
    /// What processes share, if anything.
    pub redis: Option<Redis>,
    /// Links that were handed out and are good for a while.
    pub links: LinkCache,
    /// How many uploads stream through this process.
    pub uploads: InFlight,
    /// Background tasks; drained before the process ends.
    pub tasks: TaskTracker,
    /// Cancelled when the process begins to stop.
    pub stopping: CancellationToken,
}

impl App {
    /// Puts the parts together; nothing runs yet.
    #[must_use]
    pub fn new(config: Arc<Config>, store: Store, blob: Blob) -> Self {
        // A URL that the driver does not understand is a problem of the configuration, which has been read.
        let redis = config
            .redis
            .as_ref()
            .and_then(|redis| Redis::new(redis).ok());
        Self {
            uploads: InFlight::new(config.files.max_uploads_in_flight),
            anchors: Anchors::new(&config, &blob),
            config,
            store,
            blob,
            passwords: Passwords::new(),
            redis,
            links: LinkCache::new(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }
}
