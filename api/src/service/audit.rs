//! Runs of verification: begun by somebody, done in the background, waited for up to a time.

mod document;

use std::time::Duration;

use entity::verification;
use policy::Action;
use store::{
    Actor, EventRef, Noun, Store, StoreError, idempotency::Earlier, verification::Question,
    verify::Kept,
};
use tokio::time::Instant;

use crate::{
    app::App,
    error::{Code, Error},
};
pub use document::Document;

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
/// more; a run that is going on already is joined, or, if it does not answer the question, waited for.
///
/// # Errors
/// [`Code::Invalid`] for a receipt that the log has not signed; [`Code::InvalidState`] when another run does not
/// end in time; [`Code::Forbidden`], or as the store says.
pub async fn verify(
    app: &App,
    actor: &Actor,
    question: Question<'_>,
    patience: Duration,
) -> Result<Verified, Error> {
    let deadline = Instant::now() + patience;
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, earlier, deadline).await;
    }
    loop {
        let begun = app.store.begin_verification(actor, question).await?;
        if begun.event.is_some() {
            let mut kept = app.anchors.known_of(actor.tenant());
            kept.extend(begun.receipt);
            let run = wait_for_own(app, begun.run, kept, deadline).await?;
            return Ok(Verified {
                run,
                event: begun.event,
            });
        }
        let run = wait_for_other(app, actor, begun.run, deadline).await?;
        if begun.answers {
            return Ok(Verified { run, event: None });
        }
        if run.finished_at.is_none() {
            let message = "another verification of this log is running, without the receipt or not in \
                           full; ask again when it has ended";
            return Err(Error::with_message(Code::InvalidState, message));
        }
    }
}

/// The run that was begun the first time.
async fn again(
    app: &App,
    actor: &Actor,
    earlier: &Earlier,
    deadline: Instant,
) -> Result<Verified, Error> {
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::AuditVerify)?;
    let run = view.find_verification(earlier.id()?).await?;
    let run = run.ok_or(StoreError::NotFound(Noun::Verification))?;
    drop(snapshot);
    Ok(Verified {
        run: wait_for_other(app, actor, run, deadline).await?,
        event: Some(earlier.event()),
    })
}

async fn wait_for_own(
    app: &App,
    run: verification::Model,
    kept: Vec<Kept>,
    deadline: Instant,
) -> Result<verification::Model, Error> {
    let task = app.tasks.spawn(work(app.store.clone(), run.clone(), kept));
    match tokio::time::timeout_at(deadline, task).await {
        Ok(Ok(ended)) => Ok(ended?),
        Ok(Err(panicked)) => Err(Error::internal(panicked)),
        Err(_) => Ok(run),
    }
}

async fn work(
    store: Store,
    run: verification::Model,
    kept: Vec<Kept>,
) -> Result<verification::Model, StoreError> {
    let ended = store.run_verification(&run, kept, |_| {}).await;
    match &ended {
        Ok(ended) => count(ended),
        Err(error) => {
            tracing::error!(error = ?error, verification.id = %run.id, "a verification did not end well");
        }
    }
    ended
}

/// Counts a run by its verdict; one that found damage is said aloud.
pub(crate) fn count(run: &verification::Model) {
    let verdict = run.verdict.clone().unwrap_or_default();
    if verdict == "BROKEN" {
        tracing::error!(
            tenant.id = %run.tenant_id,
            verification.id = %run.id,
            seq = run.first_bad_seq,
            damage = run.damage,
            "BROKEN: a log is not what was sealed"
        );
    }
    metrics::counter!("strongroom_audit_verifications_total", "verdict" => verdict).increment(1);
}

async fn wait_for_other(
    app: &App,
    actor: &Actor,
    mut run: verification::Model,
    deadline: Instant,
) -> Result<verification::Model, Error> {
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

/// The newest signed checkpoint of the actor's log, a receipt; it stays in the database from now on.
///
/// # Errors
/// [`Code::Forbidden`], or as the store says.
pub async fn checkpoint(app: &App, actor: &Actor) -> Result<String, Error> {
    Ok(app.store.hand_out_checkpoint(actor).await?)
}
