//! Replaces the signing keys of logs when they have become old, and destroys those that were replaced.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use store::{ConflictCode, StoreError};

use super::supervise::{Next, Running, every};
use crate::{app::App, error::Error};

const HOUR: Duration = Duration::from_secs(3_600);
/// Logs in one pass; each is a transaction of its own.
const MOST: u64 = 100;

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let app = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&app);
        async move {
            let done = rotate_aged(&app).await? + retire_replaced(&app).await?;
            Ok(if done >= MOST {
                Next::AtOnce
            } else {
                Next::Later
            })
        }
    };
    running.repeat("rotate_log_keys", pass, every(HOUR));
}

/// Gives a new key to every log whose key is older than `STRONGROOM_AUDIT_KEY_DAYS`. Says how many.
///
/// # Errors
/// As the database says.
pub async fn rotate_aged(app: &App) -> Result<u64, Error> {
    let days = app.config.audit.key_days;
    if days == 0 {
        return Ok(0);
    }
    let made_before = app.store.now() - TimeDelta::days(days.into());
    let mut done = 0;
    for tenant in app.store.aged_log_keys(made_before, MOST).await? {
        match app.store.rotate_log_key_by_duty(tenant).await {
            Ok(rotated) => {
                done += 1;
                tracing::info!(tenant.id = %tenant, key.number = rotated.key_no, "a log has a new key");
            }
            Err(error) => note(error)?,
        }
    }
    Ok(done)
}

/// Destroys keys that were replaced longer than `STRONGROOM_AUDIT_KEY_OVERLAP` ago. Says how many.
///
/// # Errors
/// As the database says.
pub async fn retire_replaced(app: &App) -> Result<u64, Error> {
    let overlap = app.config.audit.key_overlap;
    let overlap = TimeDelta::from_std(overlap).map_err(Error::internal)?;
    let mut done = 0;
    let made_before = app.store.now() - overlap;
    for tenant in app.store.replaced_log_keys(made_before, MOST).await? {
        match app.store.retire_log_key(tenant, overlap).await {
            Ok(retired) => done += u64::from(retired.is_some()),
            Err(error) => note(error)?,
        }
    }
    Ok(done)
}

/// A log that is not in order keeps its keys, and no other log waits for it.
fn note(error: StoreError) -> Result<(), Error> {
    match &error {
        StoreError::Conflict {
            code: ConflictCode::InvalidState,
            message,
        } => {
            tracing::warn!(error.message = %message, "the key of a log was left as it is");
            Ok(())
        }
        _ => Err(error.into()),
    }
}
