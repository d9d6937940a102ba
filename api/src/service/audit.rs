//! Runs of verification: begun by somebody, done in the background, waited for up to a time.

use std::time::Duration;

use entity::verification;
use policy::Action;
use store::{Actor, EventRef, Store, StoreError};
use tokio::time::Instant;

use crate::{app::App, error::Error};

/// How long GraphQL waits for a run, so that the answer comes within the time of a request.
pub const GRAPHQL_PATIENCE: Duration = Duration::from_secs(8);
/// How often a run of another process is looked at.
const POLL: Duration = Duration::from_millis(100);

/// A run, as far as it is.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The run; its state is `RUNNING` when it took longer than was waited.
    pub run: verification::Model,
    /// The event of its beginning; `None` when somebody else had begun it.
    pub event: Option<EventRef>,
}

/// Verifies the actor's tenant and waits up to `patience`. The run goes on when nobody waits any
/// more; a run that is going on already is joined.
///
/// # Errors
/// [`crate::error::Code::Forbidden`], or as the store says.
pub async fn verify(
    app: &App,
    actor: &Actor,
    full: bool,
    patience: Duration,
) -> Result<Verified, Error> {
    let begun = app.store.begin_verification(actor, full).await?;
    let run = if begun.event.is_some() {
        wait_for_own(app, begun.run, patience).await?
    } else {
        wait_for_other(app, actor, begun.run, patience).await?
    };
    Ok(Verified {
        run,
        event: begun.event,
    })
}

async fn wait_for_own(
    app: &App,
    run: verification::Model,
    patience: Duration,
) -> Result<verification::Model, Error> {
    let task = app.tasks.spawn(work(app.store.clone(), run.clone()));
    match tokio::time::timeout(patience, task).await {
        Ok(Ok(ended)) => Ok(ended?),
        Ok(Err(panicked)) => Err(Error::internal(panicked)),
        Err(_) => Ok(run),
    }
}

async fn work(store: Store, run: verification::Model) -> Result<verification::Model, StoreError> {
    let ended = store.run_verification(&run).await;
    if let Err(error) = &ended {
        tracing::error!(error = ?error, verification.id = %run.id, "a verification did not end well");
    }
    ended
}

async fn wait_for_other(
    app: &App,
    actor: &Actor,
    mut run: verification::Model,
    patience: Duration,
) -> Result<verification::Model, Error> {
    let deadline = Instant::now() + patience;
    while run.finished_at.is_none() && Instant::now() + POLL < deadline {
        tokio::time::sleep(POLL).await;
        let snapshot = app.store.snapshot(actor).await?;
        let view = snapshot.view(Action::AuditVerify)?;
        if let Some(now) = view.find_verification(run.id).await? {
            run = now;
        }
    }
    Ok(run)
}
