//! Direct uploads: copied to a key no client can write, read there, judged.
//!
//! Run twice, or broken off anywhere, it comes to the same end: the copy is bound to the entity tag that
//! was looked at, the verdict depends on the copied bytes alone, and only the one commit that leaves
//! `verifying` counts. Staging is removed after that commit.

mod verdict;

use std::time::Duration;

use audit::entry::Outcome;
use data_encoding::HEXLOWER;
use entity::{FileId, TenantId, job};
use policy::FileState;
use store::{
    Event, StoreError,
    event::{
        FileReadied, FileRejected,
        class::{Public, Target},
    },
    job::JobKind,
    system::Duty,
    upload::{Opened, Settled},
};

use self::verdict::verify;
use super::standing::until_inactive;
use crate::{
    app::App,
    error::{Code, Error},
    service::object,
};

/// How long a worker that says nothing keeps a job.
const LEASE: Duration = Duration::from_secs(120);
/// Jobs at a time; each reads one object with constant memory.
const MOST: u64 = 4;

/// Claims settling jobs that are due and works on them; says how many. Zero means there is nothing to do
/// now.
///
/// # Errors
/// As the database says. What goes wrong with one file is in its job, and tried again later.
pub async fn work(app: &App) -> Result<usize, Error> {
    let jobs = app
        .store
        .claim_jobs(&[JobKind::FileSettle], MOST, LEASE)
        .await?;
    let done = futures_util::future::join_all(jobs.iter().map(|job| run(app, job))).await;
    done.into_iter().collect::<Result<Vec<()>, Error>>()?;
    Ok(jobs.len())
}

#[tracing::instrument(skip_all, fields(tenant.id = %job.tenant_id, job.id = %job.id))]
async fn run(app: &App, job: &job::Model) -> Result<(), Error> {
    let settled = tokio::select! {
        settled = settle(app, job.tenant_id, FileId(job.subject_id.uuid())) => settled,
        lost = keep(app, job) => Err(lost),
        ended = until_inactive(app, job.tenant_id) => Err(ended),
    };
    match settled {
        Ok(()) => {
            app.store.finish_job(job).await?;
        }
        Err(error) => {
            tracing::warn!(error = ?error, attempts = job.attempts, "a file was not settled");
            app.store.retry_job(job, &error.to_string()).await?;
        }
    }
    Ok(())
}

/// Returns when the job is another worker's.
async fn keep(app: &App, job: &job::Model) -> Error {
    loop {
        tokio::time::sleep(LEASE / 4).await;
        match app.store.extend_lease(job, LEASE).await {
            Ok(true) => {}
            Ok(false) => return Error::internal("the job's lease was lost"),
            Err(error) => tracing::warn!(error = ?error, "a job's lease was not extended"),
        }
    }
}

/// Brings a file that is being verified to `ready` or `rejected`.
///
/// # Errors
/// As store and database say; then it is to be run again.
pub async fn settle(app: &App, tenant: TenantId, id: FileId) -> Result<(), Error> {
    let opened = read(app, tenant, id).await?;
    if opened.file.state.0 == FileState::Verifying {
        match verify(app, &opened).await? {
            Ok(settled) => accept(app, &opened, &settled).await?,
            Err(refusal) => {
                if !reject(app, &opened, &refusal).await? {
                    // Somebody else settled it, so what was seen here may have been half gone.
                    return Ok(());
                }
            }
        }
    }
    remove_staging(app, &opened).await
}

pub(super) async fn read(app: &App, tenant: TenantId, id: FileId) -> Result<Opened, Error> {
    let tx = app.store.begin_duty(Duty::FileSettle, tenant).await?;
    Ok(Opened {
        file: tx.get_file(id).await?,
        upload: tx.get_upload_of(id).await?,
    })
}

async fn accept(app: &App, opened: &Opened, settled: &Settled) -> Result<(), Error> {
    let file = &opened.file;
    let tx = app
        .store
        .begin_duty(Duty::FileSettle, file.tenant_id)
        .await?;
    match tx.settle_verified(file.id, settled).await {
        Ok(_) => {}
        // Another worker came to the same verdict first.
        Err(StoreError::Conflict { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let event = FileReadied {
        file: Target(file.id),
        media_type: Public(settled.media_type.clone()),
        byte_len: Public(settled.byte_len),
        sha256: Public(HEXLOWER.encode(&settled.sha256)),
    };
    tx.commit(event).await?;
    Ok(())
}

/// Removes the bytes and rejects the file; false when it was settled meanwhile.
async fn reject(app: &App, opened: &Opened, refusal: &Error) -> Result<bool, Error> {
    let file = &opened.file;
    // Staging that is gone may mean that another worker is done: then its object must stay.
    let now = read(app, file.tenant_id, file.id).await?;
    if now.file.state.0 != FileState::Verifying {
        return Ok(false);
    }
    reject_with(
        app,
        &now,
        Duty::FileSettle,
        refusal.code(),
        &refusal.to_string(),
    )
    .await
}

/// As [`reject`], when nobody else can be working on the file.
pub(super) async fn reject_with(
    app: &App,
    opened: &Opened,
    duty: Duty,
    code: Code,
    sentence: &str,
) -> Result<bool, Error> {
    object::remove(&app.blob, &opened.leftovers())
        .await
        .map_err(object::failed)?;
    let file = &opened.file;
    let tx = app.store.begin_duty(duty, file.tenant_id).await?;
    match tx.reject_file(file.id, sentence).await {
        Ok(_) => {}
        Err(StoreError::Conflict { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let event = FileRejected {
        file: Target(file.id),
        cause: Public(code.as_str().to_owned()),
    };
    tx.commit(Event::from(event).with_outcome(Outcome::Failure))
        .await?;
    Ok(true)
}

async fn remove_staging(app: &App, opened: &Opened) -> Result<(), Error> {
    match opened.leftovers().staging_key {
        Some(key) => app.blob.delete(&key).await.map_err(object::failed),
        None => Ok(()),
    }
}
