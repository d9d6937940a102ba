//! Transactions: entered with an actor and an action, left with an event.

mod owned;
mod scope;
mod store;
mod view;

use std::ops::Deref;

use entity::{EventId, TenantId, audit_head};
use sea_orm::ConnectionTrait;

use crate::{
    Backend, Events, Principal, RequestContext, StoreError,
    idempotency::{self, Claim, Taken},
    outbox,
    revocation::Revoked,
    sequence,
};

pub use owned::TenantOwned;
pub use scope::Scope;
pub(crate) use scope::{TenantCheck, enter_tenant};
pub use store::Store;
pub use view::{Snapshot, View};

/// A change in progress.
///
/// It cannot be left without saying what happened:
///
/// ```
/// # async fn f(tx: store::Tx, event: store::Event) {
/// let receipt = tx.commit(event).await;
/// # }
/// ```
/// ```compile_fail
/// # async fn f(tx: store::Tx, event: store::Event) {
/// let receipt = tx.commit().await;
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping a Tx rolls it back"]
pub struct Tx {
    scope: Scope,
    principal: Principal,
    request: RequestContext,
    email: Option<String>,
    /// The name of the request, when this transaction is to answer it.
    claimed: Option<Taken>,
    store: Store,
    /// What copies of credentials must be looked up again once this is committed.
    revoked: Vec<Revoked>,
}

impl Deref for Tx {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

/// Where an event stands on its way to being evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStatus {
    /// Committed, and not yet in its chain.
    Pending,
    /// In its chain.
    Sequenced,
    /// Covered by a signed checkpoint.
    Signed,
    /// Covered by a checkpoint that is kept outside.
    Anchored,
}

/// An event that is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef {
    /// The event, and later its entry.
    pub id: EventId,
    /// How far it was when the commit returned.
    pub status: EventStatus,
}

/// Proof of a commit: the events that went with it, in order; never empty.
#[derive(Debug, Clone)]
pub struct Receipt {
    events: Vec<EventRef>,
}

impl Receipt {
    /// Of one event.
    pub(crate) fn of(event: EventRef) -> Self {
        Self {
            events: vec![event],
        }
    }

    /// The last event: what the commit was about.
    #[must_use]
    pub fn event(&self) -> Option<EventRef> {
        self.events.last().copied()
    }

    /// All of them.
    #[must_use]
    pub fn events(&self) -> &[EventRef] {
        &self.events
    }
}

impl Tx {
    /// Who is acting.
    #[must_use]
    pub fn principal(&self) -> Principal {
        self.principal
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Whoever does `what` for the same tenant waits until this transaction ends. SQLite has one writer anyway.
    pub(crate) async fn lock_alone(&self, what: &str) -> Result<(), StoreError> {
        if self.conn().is_postgres() {
            let name = format!("{what}/{}", self.tenant().uuid());
            let statement = self.conn().sql(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                [name.into()],
            );
            self.conn().execute_raw(statement).await?;
        }
        Ok(())
    }

    /// The same person under the membership just made, so that the record names the member.
    pub(crate) fn act_as(&mut self, principal: Principal) {
        self.principal = principal;
    }

    /// Writes the events to the audit outbox as the last statement, then commits; or does neither.
    ///
    /// # Errors
    /// As the database says; then nothing was changed. An error of the connection at the very end
    /// leaves open whether the commit happened: trying again must be harmless.
    pub async fn commit(self, events: impl Into<Events>) -> Result<Receipt, StoreError> {
        let drafts = self.drafts(events.into()).await?;
        let conn = self.conn();
        outbox::insert(conn, &drafts).await?;
        let status = self.sequence_inline().await?;
        let announcement = self.store.announce(self.revoked);
        self.scope.into_conn().commit().await?;
        drop(announcement);
        if let Some(taken) = self.claimed {
            taken.answered();
        }
        if status == EventStatus::Pending {
            self.store.wake_sequencer();
        }
        let events = drafts.iter().map(|draft| EventRef {
            id: draft.event_id,
            status,
        });
        Ok(Receipt {
            events: events.collect(),
        })
    }

    /// As [`Self::commit`], but the entries are appended in this very transaction, before what waits in
    /// the outbox: for events that say how the log itself is to be read. `head` is that of this
    /// transaction's tenant, locked by it.
    ///
    /// # Errors
    /// As [`Self::commit`]; [`StoreError::Conflict`] when the log is not in order.
    pub(crate) async fn commit_appended(
        self,
        head: audit_head::Model,
        events: impl Into<Events>,
    ) -> Result<Receipt, StoreError> {
        let drafts = self.drafts(events.into()).await?;
        let events = drafts.iter().map(|draft| EventRef {
            id: draft.event_id,
            status: EventStatus::Signed,
        });
        let receipt = Receipt {
            events: events.collect(),
        };
        sequence::append_now(&self.store, self.conn(), head, drafts).await?;
        let announcement = self.store.announce(self.revoked);
        self.scope.into_conn().commit().await?;
        drop(announcement);
        if let Some(taken) = self.claimed {
            taken.answered();
        }
        Ok(receipt)
    }

    /// The events as they go into the log. What a request with a name comes to is written before them: the
    /// outbox stands last.
    async fn drafts(&self, events: Events) -> Result<Vec<outbox::Prepared>, StoreError> {
        let targets = idempotency::targets(&events);
        let drafts = outbox::drafts(events, &self.author())?;
        if let (Some(taken), Some(last)) = (&self.claimed, drafts.last()) {
            taken.answer(self, last.event_id, targets).await?;
        }
        Ok(drafts)
    }

    pub(crate) fn claim(&self) -> Option<Claim> {
        self.request.claim.clone()
    }

    pub(crate) fn take_claim(&mut self) -> Option<Taken> {
        self.claimed.take()
    }

    pub(crate) fn put_claim(&mut self, taken: Taken) {
        self.claimed = Some(taken);
    }

    pub(crate) fn note_revoked(&mut self, what: Revoked) {
        self.revoked.push(what);
    }

    fn author(&self) -> outbox::Author<'_> {
        outbox::Author {
            tenant: self.tenant(),
            principal: self.principal,
            request: &self.request,
            email: self.email.as_deref(),
            at: self.now(),
        }
    }

    /// Writes events into another log as well, when one change belongs into two.
    pub(crate) async fn record_in(
        &self,
        tenant: TenantId,
        events: impl Into<Events>,
    ) -> Result<(), StoreError> {
        let author = outbox::Author {
            tenant,
            ..self.author()
        };
        let drafts = outbox::drafts(events.into(), &author)?;
        outbox::insert(self.conn(), &drafts).await?;
        if self.store.database().backend() == Backend::Sqlite {
            sequence::append_inline(&self.store, self.conn(), tenant).await?;
        }
        Ok(())
    }

    /// SQLite has one writer anyway, so the entry is appended here; Postgres leaves it to a worker,
    /// because the lock on the chain's head would make the tenant's transactions wait for each other.
    async fn sequence_inline(&self) -> Result<EventStatus, StoreError> {
        if self.store.database().backend() == Backend::Postgres {
            return Ok(EventStatus::Pending);
        }
        sequence::append_inline(&self.store, self.conn(), self.tenant()).await
    }
}
