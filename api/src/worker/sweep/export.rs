//! Exports that are over: their files go, and that is an entry.

use super::{MOST, Tally};
use crate::{app::App, error::Error, worker::export};

/// Removes the files of exports whose time is over. Says how many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_expired_exports(app: &App) -> Result<usize, Error> {
    let mut tally = Tally::default();
    for due in app.store.audit_exports_due(MOST).await? {
        tally.note("exports_expired", export::expire(app, &due).await);
    }
    Ok(tally.closed())
}

/// Gives up exports that nobody will make, because their job is out of attempts. Says how many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_stranded_exports(app: &App) -> Result<usize, Error> {
    let mut tally = Tally::default();
    for stranded in app.store.stranded_audit_exports(MOST).await? {
        tally.note(
            "exports_stranded",
            export::close_stranded(app, &stranded).await,
        );
    }
    Ok(tally.closed())
}
