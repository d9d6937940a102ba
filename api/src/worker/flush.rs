//! What a process does that answers requests: it writes what it counts in memory (calls of keys, times of last use,
//! refusals), and hears what is revoked.

use std::{sync::Arc, time::Duration};

use super::{
    revocation,
    supervise::{Next, Running, every},
};
use crate::{app::App, error::Error, http::Front};

/// Refusals are folded by the minute; last uses are kept to the minute.
const MINUTE: Duration = Duration::from_secs(60);

/// Starts the tasks of a process that answers requests; [`last`] ends what they do.
pub fn start(app: &Arc<App>, front: Arc<Front>) -> Running {
    let mut running = Running::new(app);
    revocation::start(&mut running, &front);
    calls(&mut running, Arc::clone(&front));
    uses(&mut running, app);
    denials(&mut running, app);
    limits(&mut running, front);
    running
}

fn calls(running: &mut Running, front: Arc<Front>) {
    let interval = front.app.config.background.flush_interval;
    let pass = move || {
        let front = Arc::clone(&front);
        async move {
            front.metering.flush().await?;
            Ok(Next::Later)
        }
    };
    running.repeat("flush_api_calls", pass, every(interval));
}

fn uses(running: &mut Running, app: &Arc<App>) {
    let store = app.store.clone();
    let pass = move || {
        let store = store.clone();
        async move {
            store.flush_uses().await?;
            Ok(Next::Later)
        }
    };
    running.repeat("flush_last_used", pass, every(MINUTE));
}

fn denials(running: &mut Running, app: &Arc<App>) {
    let store = app.store.clone();
    let interval = app.config.background.flush_interval;
    let pass = move || {
        let store = store.clone();
        async move {
            store.flush_denials(false).await?;
            Ok(Next::Later)
        }
    };
    running.repeat("flush_denials", pass, every(interval));
}

/// Forgets who has not asked lately, and keeps the histograms small.
fn limits(running: &mut Running, front: Arc<Front>) {
    let pass = move || {
        let front = Arc::clone(&front);
        async move {
            front.limiter.sweep();
            if let Ok(metrics) = crate::telemetry::metrics() {
                metrics.run_upkeep();
            }
            Ok(Next::Later)
        }
    };
    running.repeat("sweep_limits", pass, every(Duration::from_secs(5)));
}

/// Writes everything that is left, the present minute included, once everybody has been answered.
pub async fn last(front: &Front) {
    let store = &front.app.store;
    let results = [
        ("API calls", front.metering.flush().await.map(drop)),
        ("last uses", store.flush_uses().await),
        ("refusals", store.flush_denials(true).await.map(drop)),
    ];
    for (what, result) in results {
        if let Err(error) = result {
            let error = Error::from(error);
            tracing::error!(what, error.message = %error, "could not be written before the end");
        }
    }
}
