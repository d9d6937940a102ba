//! Does the jobs that changes have left behind.

use std::{sync::Arc, time::Duration};

use super::{
    settle,
    supervise::{Next, Running, every},
};
use crate::app::App;

/// How often jobs are looked for when the last look found none.
const POLL: Duration = Duration::from_millis(250);

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let app = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&app);
        async move {
            let done = settle::work(&app).await?;
            Ok(if done > 0 { Next::AtOnce } else { Next::Later })
        }
    };
    running.repeat("settle_files", pass, every(POLL));
}
