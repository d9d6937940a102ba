//! Runs of verification: as rows to ask for, and as events, because looking is recorded too.

use audit::entry::Outcome;
use chrono::TimeDelta;
use entity::{VerificationId, verification};
use policy::Action;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, Value};

use crate::{
    Actor, ConflictCode, Event, EventRef, Noun, Store, StoreError, Tx, View,
    conn::insert,
    event::{
        VerificationBegun, VerificationEnded,
        class::{Public, Target},
    },
    system::Duty,
    verify::{Verdict, Verification},
};

/// A run that has not ended after so long belongs to a process that did.
const STALE_AFTER: TimeDelta = TimeDelta::minutes(10);

/// A run, asked for.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The run.
    pub run: verification::Model,
    /// The event of its beginning; `None` when it had begun already, for somebody else.
    pub event: Option<EventRef>,
}

impl Store {
    /// Begins a run for the actor's tenant, or finds the one that is running: there is at most one.
    /// `full` is recorded; every run reads every entry for now.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::TenantSuspended`], or as the database says.
    pub async fn begin_verification(&self, actor: &Actor, full: bool) -> Result<Begun, StoreError> {
        let tx = self.begin(actor, Action::AuditVerify).await?;
        tx.lock_verifications().await?;
        tx.close_stale_verifications().await?;
        if let Some(run) = tx.find_running().await? {
            return Ok(Begun { run, event: None });
        }
        let run = verification::Model {
            tenant_id: tx.tenant(),
            id: VerificationId::generate(),
            full,
            state: "RUNNING".to_owned(),
            verdict: None,
            assurance: None,
            size: 0,
            pruned: 0,
            redacted: 0,
            first_bad_seq: None,
            damage: None,
            reason: None,
            recorded_hash: None,
            recomputed_hash: None,
            started_at: tx.now(),
            finished_at: None,
        };
        insert(tx.conn(), run.clone()).await?;
        let receipt = tx
            .commit(VerificationBegun {
                verification: Target(run.id),
                phase: Public("begun"),
                full: Public(full),
            })
            .await?;
        let event = receipt.event();
        Ok(Begun { run, event })
    }

    /// Does the work of a run that has begun, and ends it.
    ///
    /// # Errors
    /// As [`Self::finish_verification`]. What cannot be read is a verdict, not an error.
    pub async fn run_verification(
        &self,
        run: &verification::Model,
    ) -> Result<verification::Model, StoreError> {
        let found = self.verify_chain(run.tenant_id, |_| {}).await?;
        self.finish_verification(run, &found).await
    }

    /// Writes what a run found, with its event.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the run is not running any more, or as the database says.
    pub async fn finish_verification(
        &self,
        run: &verification::Model,
        found: &Verification,
    ) -> Result<verification::Model, StoreError> {
        let tx = self.begin_duty(Duty::Verifier, run.tenant_id).await?;
        tx.write_verification(run.id, found).await?;
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
    /// Two requests that come together must find one run.
    async fn lock_verifications(&self) -> Result<(), StoreError> {
        if self.conn().is_postgres() {
            let name = format!("verification/{}", self.tenant().uuid());
            let statement = self.conn().sql(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                [name.into()],
            );
            self.conn().execute_raw(statement).await?;
        }
        Ok(())
    }

    async fn close_stale_verifications(&self) -> Result<(), StoreError> {
        let statement = self.conn().sql(
            "UPDATE verification SET state = 'FAILED', finished_at = $1, \
             reason = 'the process that did this verification ended before it' \
             WHERE tenant_id = $2 AND state = 'RUNNING' AND started_at < $3",
            [
                self.now().into(),
                self.tenant().into(),
                (self.now() - STALE_AFTER).into(),
            ],
        );
        self.conn().execute_raw(statement).await?;
        Ok(())
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

    async fn write_verification(
        &self,
        id: VerificationId,
        found: &Verification,
    ) -> Result<(), StoreError> {
        let first = found.first_bad.as_ref();
        let hex = |hash: Option<audit::hash::Hash>| hash.map(|hash| hash.to_hex());
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let values: [Value; 13] = [
            found.verdict.as_str().into(),
            found.assurance.as_str().into(),
            number(found.size).into(),
            first.map(|first| number(first.seq)).into(),
            first.map(|first| first.damage.as_str()).into(),
            found.reason().into(),
            hex(first.and_then(|first| first.recorded)).into(),
            hex(first.and_then(|first| first.recomputed)).into(),
            self.now().into(),
            self.tenant().into(),
            id.into(),
            number(found.gaps.pruned).into(),
            number(found.gaps.redacted).into(),
        ];
        let statement = self.conn().sql(
            "UPDATE verification SET state = 'DONE', verdict = $1, assurance = $2, size = $3, \
             first_bad_seq = $4, damage = $5, reason = $6, recorded_hash = $7, \
             recomputed_hash = $8, finished_at = $9, pruned = $12, redacted = $13 \
             WHERE tenant_id = $10 AND id = $11 AND state = 'RUNNING'",
            values,
        );
        if self.conn().execute_raw(statement).await?.rows_affected() == 1 {
            return Ok(());
        }
        Err(StoreError::conflict(
            ConflictCode::InvalidState,
            "the verification has ended already; begin a new one",
        ))
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
