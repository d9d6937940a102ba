//! Verifies logs when it is time, one after the other and with rests between them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use entity::verification;
use store::verification::StartedBy;
use tokio::time::sleep;

use super::supervise::{Next, Running, jittered};
use crate::{app::App, error::Error, service::audit};

/// How long nothing is looked for when nothing was due.
const IDLE: Duration = Duration::from_secs(60);
/// The rest between two logs: what people ask for goes before.
const REST: Duration = Duration::from_secs(1);

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let app = Arc::clone(app);
    let busy = Arc::new(AtomicBool::new(false));
    let was_busy = Arc::clone(&busy);
    let pass = move || {
        let (app, busy) = (Arc::clone(&app), Arc::clone(&busy));
        async move {
            let verified = verify_due(&app).await?;
            busy.store(verified.is_some(), Ordering::Relaxed);
            Ok(Next::Later)
        }
    };
    let pause = move || {
        let busy = was_busy.load(Ordering::Relaxed);
        sleep(jittered(if busy { REST } else { IDLE }))
    };
    running.repeat("verify_logs", pass, pause);
}

/// Verifies one log whose time has come: in full when `STRONGROOM_AUDIT_VERIFY_FULL_EVERY` has passed since that was
/// last done, else what came since the last verification when `STRONGROOM_AUDIT_VERIFY_EVERY` has. `None` when no log
/// is due, or somebody else verifies it now.
///
/// # Errors
/// As the database says; a log that cannot be read is a verdict.
pub async fn verify_due(app: &App) -> Result<Option<verification::Model>, Error> {
    let audit = &app.config.audit;
    let before = |interval: Duration| {
        let interval = TimeDelta::from_std(interval).ok();
        let interval = interval.filter(|interval| !interval.is_zero());
        interval.map(|interval| app.store.now() - interval)
    };
    let (often, full) = (before(audit.verify_every), before(audit.verify_full_every));
    let Some(due) = app.store.due_verification(often, full).await? else {
        return Ok(None);
    };
    let store = &app.store;
    let begun = store
        .begin_verification_by_duty(due.tenant, due.full, StartedBy::Schedule)
        .await?;
    if begun.event.is_none() {
        return Ok(None);
    }
    let kept = app.anchors.known_of(due.tenant);
    let ended = store.run_verification(&begun.run, kept, |_| {}).await?;
    audit::count(&ended);
    Ok(Some(ended))
}
