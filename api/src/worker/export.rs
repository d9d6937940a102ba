//! Exports of logs: made into files on this machine, then sent to the object store.
//!
//! Run twice, or broken off anywhere, it leaves one object or none: each attempt writes to a key of its own,
//! only the newest attempt may end the export, and each attempt begins with removing what earlier ones left.

mod send;
mod spool;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use entity::{audit_export, job};
use store::{
    export::{ExportError, Extent, Progress, object_key, run::Made},
    job::{JobKind, Retry},
};
use tokio::time::Instant;

use super::standing::until_inactive;
use crate::{
    app::App,
    error::Error,
    service::{export::format, object},
};

/// How long a worker that says nothing keeps a job.
const LEASE: Duration = Duration::from_secs(120);
/// How often it is written how far an export is.
const TELL: Duration = Duration::from_secs(2);
/// Told to whoever asked, when it is nobody's fault there.
const GIVEN_UP: &str = "the export could not be made; ask for it again";

/// Why an attempt failed.
enum Failed {
    /// The log is the obstacle; a sentence for the client.
    Finally(String),
    /// Another attempt may succeed.
    ForNow(Error),
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::ForNow(error.into())
    }
}

impl Failed {
    fn of(error: ExportError) -> Self {
        match error {
            error if error.is_final() => Self::Finally(error.to_string()),
            ExportError::Store(error) => Self::ForNow(error.into()),
            error => Self::ForNow(Error::internal(error)),
        }
    }
}

/// Claims an export that is due and makes it; says how many. One at a time in a process: it takes a core and
/// room in the temporary directory.
///
/// # Errors
/// As the database says. What goes wrong with an export is in its job, and tried again later.
pub async fn work(app: &App) -> Result<usize, Error> {
    let jobs = app
        .store
        .claim_jobs(&[JobKind::AuditExport], 1, LEASE)
        .await?;
    for job in &jobs {
        run(app, job).await?;
    }
    Ok(jobs.len())
}

#[tracing::instrument(skip_all, fields(tenant.id = %job.tenant_id, job.id = %job.id))]
async fn run(app: &App, job: &job::Model) -> Result<(), Error> {
    let Some(export) = app.store.run_audit_export(job).await? else {
        app.store.finish_job(job).await?;
        return Ok(());
    };
    let progress = Mutex::new(Progress::default());
    let made = tokio::select! {
        made = make(app, &export, &progress) => made,
        lost = keep(app, job, &export, &progress) => Err(lost.into()),
        ended = until_inactive(app, job.tenant_id) => Err(ended.into()),
    };
    match made {
        Ok(()) => {
            app.store.finish_job(job).await?;
        }
        Err(Failed::Finally(reason)) => {
            give_up(app, &export, &reason).await?;
            app.store.finish_job(job).await?;
        }
        Err(Failed::ForNow(error)) => {
            tracing::warn!(error = ?error, attempts = job.attempts, "an export was not made");
            if app.store.retry_job(job, &error.to_string()).await? == Retry::GivenUp {
                give_up(app, &export, GIVEN_UP).await?;
            }
        }
    }
    Ok(())
}

/// Extends the lease and tells how far it is; returns when the job is another worker's.
async fn keep(
    app: &App,
    job: &job::Model,
    export: &audit_export::Model,
    progress: &Mutex<Progress>,
) -> Error {
    let mut told = Progress::default();
    let mut extended = Instant::now();
    loop {
        tokio::time::sleep(TELL).await;
        let now = *progress.lock().unwrap_or_else(PoisonError::into_inner);
        if now != told {
            told = now;
            if let Err(error) = app.store.note_audit_export(export, now).await {
                tracing::warn!(error = ?error, "it was not written how far an export is");
            }
        }
        if extended.elapsed() < LEASE / 4 {
            continue;
        }
        match app.store.extend_lease(job, LEASE).await {
            Ok(true) => extended = Instant::now(),
            Ok(false) => return Error::internal("the job's lease was lost"),
            Err(error) => tracing::warn!(error = ?error, "a job's lease was not extended"),
        }
    }
}

async fn make(
    app: &App,
    export: &audit_export::Model,
    progress: &Mutex<Progress>,
) -> Result<(), Failed> {
    remove_files(app, export, export.attempt - 1).await?;
    let format = format(export)?;
    let extent = extent(export)?;
    let note = |now| *progress.lock().unwrap_or_else(PoisonError::into_inner) = now;
    let (file, exported) = spool::write(&app.store, extent, format, note)
        .await
        .map_err(Failed::of)?;
    let key = object_key(export.tenant_id, export.id, export.attempt);
    let sent = send::send(&app.blob, &key, file, format.media_type()).await?;
    let kept_for = TimeDelta::from_std(app.config.audit.export_ttl).map_err(Error::internal)?;
    let made = Made {
        byte_len: sent.byte_len,
        sha256: sent.sha256,
        exported,
        expires_at: app.store.now() + kept_for,
    };
    if !app.store.finish_audit_export(export, &made).await? {
        tracing::warn!("another attempt has ended this export");
        object::remove_key(&app.blob, &key)
            .await
            .map_err(object::failed)?;
    }
    Ok(())
}

fn extent(export: &audit_export::Model) -> Result<Extent, Error> {
    let number = |n: i64| u64::try_from(n).map_err(Error::internal);
    Ok(Extent {
        tenant: export.tenant_id,
        epoch: export.epoch,
        first: number(export.first_seq)?,
        end: export.end_seq.map(number).transpose()?,
        disclosures: export.disclosures,
    })
}

/// Removes what the attempts up to `last` may have left in the store, unfinished uploads too.
async fn remove_files(app: &App, export: &audit_export::Model, last: i32) -> Result<(), Error> {
    for attempt in 1..=last {
        let key = object_key(export.tenant_id, export.id, attempt);
        object::remove_key(&app.blob, &key)
            .await
            .map_err(object::failed)?;
    }
    Ok(())
}

/// Gives an export up, then removes its files. False when it has ended meanwhile.
pub(super) async fn give_up(
    app: &App,
    export: &audit_export::Model,
    reason: &str,
) -> Result<bool, Error> {
    let Some(failed) = app.store.fail_audit_export(export, reason).await? else {
        return Ok(false);
    };
    // What cannot be removed now is due, and the sweep's.
    if let Err(error) = expire(app, &failed).await {
        tracing::warn!(error = ?error, "the files of an export that failed are still there");
    }
    Ok(true)
}

/// Removes the files of an export whose time is over. False when somebody did before.
pub(super) async fn expire(app: &App, export: &audit_export::Model) -> Result<bool, Error> {
    remove_files(app, export, export.attempt).await?;
    Ok(app.store.expire_audit_export(export).await?)
}

/// Gives up an export whose job is out of attempts.
pub(super) async fn close_stranded(app: &App, export: &audit_export::Model) -> Result<bool, Error> {
    give_up(app, export, GIVEN_UP).await
}
