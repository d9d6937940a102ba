//! Does the jobs that changes have left behind.

use std::{sync::Arc, time::Duration};

use super::{
    export, settle,
    supervise::{Next, Running, every},
};
use crate::app::App;

/// How often jobs are looked for when the last look found none.
const POLL: Duration = Duration::from_millis(250);

/// Exports are asked for by people, who look again after seconds.
const POLL_EXPORTS: Duration = Duration::from_secs(1);

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let own = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&own);
        async move { Ok(next(settle::work(&app).await?)) }
    };
    running.repeat("settle_files", pass, every(POLL));
    let own = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&own);
        async move { Ok(next(export::work(&app).await?)) }
    };
    running.repeat("make_exports", pass, every(POLL_EXPORTS));
}

fn next(done: usize) -> Next {
    if done > 0 { Next::AtOnce } else { Next::Later }
}
