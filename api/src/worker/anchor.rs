//! Carries the log outside: adds the time to checkpoints, collects heads into the system log, and keeps
//! its newest checkpoint where the database is not.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use store::ledger::{Anchor, COLLECTED_AT_ONCE, HeadMark};

use super::supervise::{Next, Running, every};
use crate::{adapter::anchor::AnchorError, app::App, error::Error, service::object};

const MINUTE: Duration = Duration::from_secs(60);
/// Newest checkpoints older than this get the time anew. With the minute between two passes that is at
/// least hourly.
const COSIGNED_WITHIN: TimeDelta = TimeDelta::minutes(55);

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let cosigning = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&cosigning);
        async move {
            cosign(&app).await?;
            Ok(Next::Later)
        }
    };
    running.repeat("cosign_checkpoints", pass, every(MINUTE));
    let anchoring = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&anchoring);
        async move {
            let collected = anchor(&app).await?;
            Ok(if collected >= COLLECTED_AT_ONCE {
                Next::AtOnce
            } else {
                Next::Later
            })
        }
    };
    running.repeat("anchor_logs", pass, every(MINUTE));
}

/// Adds the time to the newest checkpoint of every log that has had none for an hour. Says how many.
///
/// # Errors
/// As the database says.
pub async fn cosign(app: &App) -> Result<u64, Error> {
    let not_since = app.store.now() - COSIGNED_WITHIN;
    Ok(app.store.cosign_due(not_since).await?)
}

/// Collects the heads that have moved, and keeps the system log's newest checkpoint outside. Says how many
/// heads it collected.
///
/// # Errors
/// As the database and the places of anchors say; what was collected is kept outside by a later pass.
pub async fn anchor(app: &App) -> Result<u64, Error> {
    let collected = app.store.collect_heads().await?;
    if let Some(anchor) = app.store.begin_anchor().await? {
        match app.anchors.keep(&anchor).await {
            Ok(()) => {
                app.store.mark_anchored(&anchor).await?;
                metrics::counter!("strongroom_audit_anchors_total").increment(1);
            }
            Err(error) => return Err(failed(app, &anchor, error).await?),
        }
    }
    Ok(collected)
}

async fn failed(app: &App, anchor: &Anchor, error: AnchorError) -> Result<Error, Error> {
    if let AnchorError::Fork { found } = &error {
        metrics::counter!("strongroom_audit_fork_alarms_total").increment(1);
        tracing::error!(
            size = anchor.head.size,
            root = %anchor.head.root.to_hex(),
            anchored_root = found.map(|root| root.to_hex()),
            "FORK: the system log is not the one whose head is kept outside"
        );
        if app.anchors.is_first_alarm() {
            app.store.record_fork(anchor, *found).await?;
        }
    }
    Ok(match error {
        AnchorError::Blob(error) => object::failed(error),
        error => Error::internal(error),
    })
}

/// How far logs are known to have been, from what is kept outside; see
/// [`crate::adapter::anchor::Anchors::marks`].
///
/// # Errors
/// When a place of anchors cannot be read.
pub async fn load_marks(app: &App) -> Result<Vec<HeadMark>, Error> {
    let anchored = app.store.anchored().await?;
    let deployment = app.store.deployment().await.map_err(Error::internal)?;
    let marks = app.anchors.marks(&deployment.name, anchored).await;
    marks.map_err(Error::internal)
}
