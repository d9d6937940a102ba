//! Half-way states, closed. Each sweep is harmless when run twice or by several workers at once, and one
//! thing that cannot be closed now does not keep the others waiting.

mod export;
mod orphan;

use chrono::TimeDelta;
use entity::upload;
use policy::UploadState;
use store::{
    event::{UploadExpired, class::Target},
    system::Duty,
    upload::Opened,
};

pub use export::{sweep_expired_exports, sweep_stranded_exports};
pub use orphan::{sweep_exports, sweep_multiparts, sweep_staging};

use super::settle;
use crate::{
    app::App,
    error::{Code, Error},
    service::{object, upload::SWEEP_MARGIN},
};

/// Rows looked at in one run.
pub(super) const MOST: u64 = 100;

/// Counts what was closed, and logs and counts what was not.
#[derive(Debug, Default)]
pub(super) struct Tally {
    closed: usize,
}

impl Tally {
    /// One thing: whether it was closed by us, or why it was not.
    pub(super) fn note(&mut self, sweep: &'static str, result: Result<bool, Error>) {
        match result {
            Ok(closed) => self.closed += usize::from(closed),
            Err(error) => {
                metrics::counter!("strongroom_sweep_failures_total", "sweep" => sweep).increment(1);
                tracing::error!(error = ?error, sweep, "one thing was not closed; the next run tries again");
            }
        }
    }

    pub(super) fn closed(&self) -> usize {
        self.closed
    }
}

/// Closes uploads whose time is over, streamed and direct: the store's side first, then the rows. Says how
/// many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_uploads(app: &App) -> Result<usize, Error> {
    let margin = TimeDelta::from_std(SWEEP_MARGIN).map_err(Error::internal)?;
    let due = app.store.now() - margin;
    let mut tally = Tally::default();
    for upload in app.store.expired_uploads(due, MOST).await? {
        tally.note("uploads", expire(app, &upload).await);
    }
    Ok(tally.closed())
}

async fn expire(app: &App, due: &upload::Model) -> Result<bool, Error> {
    let tx = app
        .store
        .begin_duty(Duty::UploadSweep, due.tenant_id)
        .await?;
    let upload = tx.get_upload(due.id).await?;
    if upload.state.0 != UploadState::Open || upload.expires_at > due.expires_at {
        return Ok(false);
    }
    let file = tx.get_file(upload.file_id).await?;
    drop(tx);
    let opened = Opened { file, upload };
    object::remove(&app.blob, &opened.leftovers())
        .await
        .map_err(object::failed)?;
    let tx = app
        .store
        .begin_duty(Duty::UploadSweep, due.tenant_id)
        .await?;
    let Some(expired) = tx.expire_upload(due.id).await? else {
        return Ok(false);
    };
    let event = UploadExpired {
        file: Target(expired.file.id),
        upload: Target(due.id),
    };
    tx.commit(event).await?;
    Ok(true)
}

/// Rejects files whose verification nobody will finish, because their job is out of attempts. Says how many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_stranded(app: &App) -> Result<usize, Error> {
    let mut tally = Tally::default();
    for file in app.store.stranded_files(MOST).await? {
        let rejected = async {
            let tx = app
                .store
                .begin_duty(Duty::UploadSweep, file.tenant_id)
                .await?;
            let upload = tx.get_upload_of(file.id).await?;
            drop(tx);
            let opened = Opened { file, upload };
            let sentence = "the file could not be verified; upload it again";
            settle::reject_with(app, &opened, Duty::UploadSweep, Code::Unavailable, sentence).await
        };
        tally.note("stranded", rejected.await);
    }
    Ok(tally.closed())
}
