//! Whether requests should come to this process.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::{adapter::blob::BlobError, app::App};

/// How old an answer may be, so that probes cost the database and the store next to nothing.
const FRESH: Duration = Duration::from_secs(1);
/// How long a dependency may take.
const TIMEOUT: Duration = Duration::from_secs(1);
/// An object that need not exist: that the store says so is an answer.
const PROBE_KEY: &str = ".strongroom/readyz";

/// What was found last, and whether the process is about to stop.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
    dependencies: Fresh<Vec<&'static str>>,
    pending: Fresh<Option<u64>>,
}

impl Readiness {
    /// From now on requests should go elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the process is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Why requests should go elsewhere; none when they should come.
    pub async fn reasons(&self, app: &App) -> Vec<&'static str> {
        if self.is_draining() || app.stopping.is_cancelled() {
            return vec!["draining"];
        }
        self.dependencies.get(|| missing(app)).await
    }

    /// How many events are committed and not in their chain yet; `None` when the database does not say.
    pub async fn pending_events(&self, app: &App) -> Option<u64> {
        let ask = || async {
            let pending = tokio::time::timeout(TIMEOUT, app.store.pending_events()).await;
            pending.ok()?.ok()
        };
        self.pending.get(ask).await
    }
}

async fn missing(app: &App) -> Vec<&'static str> {
    let (database, store) = tokio::join!(database_answers(app), store_answers(app));
    let mut missing = Vec::new();
    if !database {
        missing.push("database");
    }
    if !store {
        missing.push("object store");
    }
    missing
}

async fn database_answers(app: &App) -> bool {
    let ping = tokio::time::timeout(TIMEOUT, app.store.database().ping()).await;
    matches!(ping, Ok(Ok(())))
}

async fn store_answers(app: &App) -> bool {
    let head = tokio::time::timeout(TIMEOUT, app.blob.head(PROBE_KEY)).await;
    matches!(head, Ok(Ok(_) | Err(BlobError::NotFound(_))))
}

/// A value that is asked for at most once a second, by one asker at a time.
#[derive(Debug)]
struct Fresh<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Fresh<T> {
    async fn get<F: Future<Output = T>>(&self, ask: impl FnOnce() -> F) -> T {
        let mut known = self.0.lock().await;
        if let Some((at, value)) = &*known
            && at.elapsed() < FRESH
        {
            return value.clone();
        }
        let value = ask().await;
        *known = Some((Instant::now(), value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[tokio::test]
    async fn many_probes_ask_once() {
        let asked = AtomicU32::new(0);
        let fresh = Fresh::default();
        for _ in 0..10 {
            let value = fresh
                .get(|| async { asked.fetch_add(1, Ordering::Relaxed) })
                .await;
            assert_eq!(value, 0);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
