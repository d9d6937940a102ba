//! Appends committed events to their chains.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::supervise::{Next, Running};
use crate::{app::App, error::Error};

/// Nobody hears of what another process has committed, so it is looked for this often.
const POLL: Duration = Duration::from_millis(200);

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let (pass, woken) = (app.store.clone(), app.store.clone());
    running.repeat(
        "sequencer",
        move || {
            let store = pass.clone();
            async move {
                let pass = store.sequence_once().await.map_err(Error::from)?;
                metrics::counter!("strongroom_audit_entries_sequenced_total")
                    .increment(pass.entries);
                // A commit may have come while others were appended.
                Ok(if pass.more || pass.entries > 0 {
                    Next::AtOnce
                } else {
                    Next::Later
                })
            }
        },
        move || {
            let store = woken.clone();
            async move {
                tokio::select! {
                    () = store.sequencer_woken() => {}
                    () = sleep(POLL) => {}
                }
            }
        },
    );
}
