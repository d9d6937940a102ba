//! Carries the log outside: adds the time to checkpoints, collects heads into the system log, and keeps
//! its newest checkpoint where the database is not.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use store::{
    Store,
    ledger::{Anchor, COLLECTED_AT_ONCE, Compared, Depth, HeadMark},
};

use super::supervise::{Next, Running, every};
use crate::{
    adapter::anchor::{AnchorError, Anchors},
    app::App,
    error::Error,
    service::object,
};

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
/// heads it collected. Before that, a log that is behind what is known outside is put into quarantine.
///
/// # Errors
/// As the database and the places of anchors say; what was collected is kept outside by a later pass.
pub async fn anchor(app: &App) -> Result<u64, Error> {
    let known = app.anchors.known_marks();
    alarm(&app.store.hold_against(&known, Depth::Heads).await?);
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
        // Which logs it is, what is kept there now tells.
        compare(&app.store, &app.anchors).await?;
    }
    Ok(match error {
        AnchorError::Blob(error) => object::failed(error),
        error => Error::internal(error),
    })
}

/// Reads what is kept outside, and puts the logs into quarantine that are not what they are known to have been.
///
/// # Errors
/// When a place of anchors cannot be read, or as the database says.
pub async fn compare(store: &Store, anchors: &Anchors) -> Result<Compared, Error> {
    let marks = load_marks(store, anchors).await?;
    let compared = store.hold_against(&marks, Depth::Roots).await?;
    tracing::info!(
        logs = marks.len(),
        absent = compared.absent,
        quarantined = compared.quarantined.len(),
        "compared the logs with their heads that are kept outside"
    );
    alarm(&compared);
    Ok(compared)
}

fn alarm(compared: &Compared) {
    let count = compared.quarantined.len() as u64;
    metrics::counter!("strongroom_audit_logs_quarantined_total").increment(count);
}

/// How far logs are known to have been, from what is kept outside; see
/// [`crate::adapter::anchor::Anchors::marks`].
///
/// # Errors
/// When a place of anchors cannot be read.
pub async fn load_marks(store: &Store, anchors: &Anchors) -> Result<Vec<HeadMark>, Error> {
    let anchored = store.anchored().await?;
    let deployment = store.deployment().await.map_err(Error::internal)?;
    let marks = anchors.marks(&deployment.name, anchored).await;
    marks.map_err(Error::internal)
}
