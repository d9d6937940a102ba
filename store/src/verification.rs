//! Runs of verification: as rows to ask for, and as events, because looking is recorded too.

mod due;
mod row;
mod trail;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use audit::entry::Outcome;
use chrono::TimeDelta;
use entity::{TenantId, VerificationId, verification};
use policy::Action;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tokio::time::MissedTickBehavior;

pub use due::{Due, LogSize};

use crate::{
    Actor, Event, EventRef, Noun, Store, StoreError, Tx, View,
    conn::insert,
    event::{
        VerificationBegun, VerificationEnded,
        class::{Public, Target},
    },
    system::{Duty, Reason},
    verify::{Inspection, Kept, Verdict, Verification, receipt},
};

/// A run of which nothing has been heard for so long belongs to a process that ended.
const STALE_AFTER: TimeDelta = TimeDelta::minutes(10);
/// How often a run writes down how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Who set a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartedBy {
    /// Somebody of the tenant.
    Request,
    /// The worker, because it was time.
    Schedule,
    /// Whoever holds the machine.
    Command,
}

impl StartedBy {
    /// The word in rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Schedule => "schedule",
            Self::Command => "command",
        }
    }
}

/// What a run is asked to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// Whether every entry is to be read; else those since the last run that found the log intact.
    pub full: bool,
    /// A signed checkpoint that the log must bear out.
    pub receipt: Option<&'a str>,
}

/// A run, asked for.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The run.
    pub run: verification::Model,
    /// The event of its beginning; `None` when it had begun already, for somebody else.
    pub event: Option<EventRef>,
    /// Whether the run does what was asked. One that had begun already knows of no receipt, and may not be full.
    pub answers: bool,
    /// The receipt, read.
    pub receipt: Option<Kept>,
}

impl Store {
    /// Begins a run for the actor's tenant, or finds the one that is running: there is at most one.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a receipt that this log has not signed; [`StoreError::Forbidden`],
    /// [`StoreError::TenantSuspended`], or as the database says.
    pub async fn begin_verification(
        &self,
        actor: &Actor,
        question: Question<'_>,
    ) -> Result<Begun, StoreError> {
        let tx = self.begin(actor, Action::AuditVerify).await?;
        tx.begin_verification(question, StartedBy::Request).await
    }

    /// As [`Self::begin_verification`], for the worker and for whoever holds the machine;
    /// [`TenantId::SYSTEM`] is the deployment's log.
    ///
    /// # Errors
    /// As the database says.
    pub async fn begin_verification_by_duty(
        &self,
        tenant: TenantId,
        full: bool,
        started_by: StartedBy,
    ) -> Result<Begun, StoreError> {
        let tx = self.begin_duty(Duty::Verifier, tenant).await?;
        let question = Question {
            full,
            receipt: None,
        };
        tx.begin_verification(question, started_by).await
    }

    /// Does the work of a run that has begun, and ends it. While it works it writes down how far it is.
    /// `kept` are heads that the log must bear out, the receipt among them; `progress` hears the number of entries
    /// read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the run is not running any more, or as the database says. What cannot be read is
    /// a verdict, not an error.
    pub async fn run_verification(
        &self,
        run: &verification::Model,
        kept: Vec<Kept>,
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<verification::Model, StoreError> {
        let since = if run.full {
            None
        } else {
            self.last_intact(run.tenant_id).await?
        };
        let inspection = Inspection { since, kept };
        let read = AtomicU64::new(0);
        let note = |count| {
            read.store(count, Ordering::Relaxed);
            progress(count);
        };
        let verifying = self.verify_log(run.tenant_id, &inspection, note);
        let found = tokio::select! {
            found = verifying => found?,
            never = self.report(run, &read) => match never {},
        };
        self.finish_verification(run, &found, read.load(Ordering::Relaxed))
            .await
    }

    /// Writes down how far a run is, again and again. A report that cannot be written is left out.
    async fn report(
        &self,
        run: &verification::Model,
        read: &AtomicU64,
    ) -> std::convert::Infallible {
        let mut ticks = tokio::time::interval(REPORT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let count = read.load(Ordering::Relaxed);
            if let Err(error) = self.report_once(run, count).await {
                tracing::debug!(error = ?error, "how far a verification is was not written");
            }
        }
    }

    /// Writes down that `read` entries have been read.
    ///
    /// # Errors
    /// As the database says.
    pub async fn report_once(
        &self,
        run: &verification::Model,
        read: u64,
    ) -> Result<(), StoreError> {
        let tx = self
            .begin_system_within(Reason::VerificationProgress, run.tenant_id)
            .await?;
        row::report(tx.conn(), run, read, tx.now()).await?;
        tx.commit_without_event().await
    }

    async fn finish_verification(
        &self,
        run: &verification::Model,
        found: &Verification,
        read: u64,
    ) -> Result<verification::Model, StoreError> {
        let tx = self.begin_duty(Duty::Verifier, run.tenant_id).await?;
        let seal = trail::seal(self.master(), run, found)?;
        row::write(&tx, run.id, found, read, seal).await?;
        let ended = tx
            .find_verification(run.id)
            .await?
            .ok_or(StoreError::NotFound(Noun::Verification))?;
        tx.commit(ended_event(&ended, found.verdict)).await?;
        Ok(ended)
    }
}

fn ended_event(run: &verification::Model, verdict: Verdict) -> Event {
    let event = Event::from(VerificationEnded {
        verification: Target(run.id),
        verdict: Public(verdict.as_str().to_owned()),
        size: Public(run.size),
        first_bad_seq: Public(run.first_bad_seq),
        damage: Public(run.damage.clone()),
    });
    // The run is what succeeded or not; damage that was found is a success of the search.
    match verdict {
        Verdict::Intact | Verdict::IntactWithDocumentedGaps | Verdict::Broken => event,
        Verdict::Inconclusive => event.with_outcome(Outcome::Unknown),
    }
}

impl Tx {
    async fn begin_verification(
        self,
        question: Question<'_>,
        started_by: StartedBy,
    ) -> Result<Begun, StoreError> {
        let receipt = match question.receipt {
            Some(note) => {
                let deployment = self.store().deployment_in(self.conn()).await?;
                Some(receipt::open(self.conn(), &deployment, self.tenant(), note).await?)
            }
            None => None,
        };
        // Two requests that come together must find one run.
        self.lock_alone("verification").await?;
        row::close_stale(&self, self.now() - STALE_AFTER).await?;
        if let Some(run) = self.find_running().await? {
            return Ok(Begun {
                answers: receipt.is_none() && (run.full || !question.full),
                run,
                event: None,
                receipt,
            });
        }
        let run = row::new(self.tenant(), question.full, started_by, self.now());
        insert(self.conn(), run.clone()).await?;
        let receipt_of_event = self
            .commit(VerificationBegun {
                verification: Target(run.id),
                phase: Public("begun"),
                full: Public(question.full),
            })
            .await?;
        Ok(Begun {
            run,
            event: receipt_of_event.event(),
            answers: true,
            receipt,
        })
    }

    async fn find_running(&self) -> Result<Option<verification::Model>, StoreError> {
        Ok(self
            .find::<verification::Entity>()
            .filter(verification::Column::State.eq("RUNNING"))
            .order_by_desc(verification::Column::StartedAt)
            .one(self.conn())
            .await?)
    }

    async fn find_verification(
        &self,
        id: VerificationId,
    ) -> Result<Option<verification::Model>, StoreError> {
        Ok(self
            .find::<verification::Entity>()
            .filter(verification::Column::Id.eq(id))
            .one(self.conn())
            .await?)
    }
}

impl View<'_> {
    /// The run with that id.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_verification(
        &self,
        id: VerificationId,
    ) -> Result<Option<verification::Model>, StoreError> {
        Ok(self
            .find::<verification::Entity>()
            .filter(verification::Column::Id.eq(id))
            .one(self.conn())
            .await?)
    }
}
