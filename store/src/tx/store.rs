//! The store: what every transaction and every view comes from.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{TenantId, tenant};
use policy::{Action, Tiers};
use tokio::sync::{Notify, OnceCell, Semaphore};
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use super::{Scope, Snapshot, TenantCheck, Tx};
use crate::{
    Actor, Clock, Database, Principal, RequestContext, StoreError,
    auth::Credentials,
    batch::Batch,
    bootstrap::Deployment,
    conn::{Conn, Wide},
    denial::Denials,
    idempotency,
    keys::{Label, MasterKey, MasterKeys},
    revocation::Desk,
};

/// Logs that one process reads at a time: each holds a connection until it has been read, and half of those for
/// background work stay free.
const VERIFYING: usize = 2;

/// The database behind its wall. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    clock: Arc<dyn Clock>,
    masters: MasterKeys,
    tiers: Tiers,
    deployment: OnceCell<Deployment>,
    sequencer_wake: Notify,
    credentials: Credentials,
    desk: Desk,
    denials: Denials,
    batch: Batch,
    tasks: TaskTracker,
    verifying: Semaphore,
}

impl Store {
    /// Puts the wall around an open database.
    #[must_use]
    pub fn new(
        database: Database,
        clock: Arc<dyn Clock>,
        masters: impl Into<MasterKeys>,
        tiers: Tiers,
    ) -> Self {
        let masters = masters.into();
        Self {
            inner: Arc::new(Inner {
                database,
                clock,
                credentials: Credentials::new(&masters),
                desk: Desk::default(),
                masters,
                tiers,
                deployment: OnceCell::new(),
                sequencer_wake: Notify::new(),
                denials: Denials::default(),
                batch: Batch::default(),
                tasks: TaskTracker::new(),
                verifying: Semaphore::new(VERIFYING),
            }),
        }
    }

    /// The pools.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The time, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// The limits of each tier.
    #[must_use]
    pub fn tiers(&self) -> &Tiers {
        &self.inner.tiers
    }

    /// A sub-key of the master key, for what is kept outside the database.
    #[must_use]
    pub fn sub_key(&self, label: Label) -> Zeroizing<[u8; 32]> {
        self.master().derive(label)
    }

    /// The master key that new things are sealed under.
    pub(crate) fn master(&self) -> &MasterKey {
        self.inner.masters.current()
    }

    pub(crate) fn masters(&self) -> &MasterKeys {
        &self.inner.masters
    }

    pub(crate) fn deployment_cell(&self) -> &OnceCell<Deployment> {
        &self.inner.deployment
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    pub(crate) fn denials(&self) -> &Denials {
        &self.inner.denials
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.inner.batch
    }

    /// Whoever reads a whole log waits here.
    pub(crate) fn verifying(&self) -> &Semaphore {
        &self.inner.verifying
    }

    /// Tasks of the store that must end before the process does.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.inner.tasks
    }

    /// Resolves when there may be something to sequence.
    pub async fn sequencer_woken(&self) {
        self.inner.sequencer_wake.notified().await;
    }

    pub(crate) fn wake_sequencer(&self) {
        self.inner.sequencer_wake.notify_one();
    }

    /// Begins a change. Refuses before touching the database if `actor` may not do `action`, and
    /// records the refusal.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::TenantSuspended`], or as the database says.
    pub async fn begin(&self, actor: &Actor, action: Action) -> Result<Tx, StoreError> {
        self.permit(actor, action)?;
        let conn = self.database().begin_write().await?;
        self.enter(
            conn,
            actor.tenant,
            actor.principal,
            actor.request.clone(),
            actor.email.clone(),
            TenantCheck::Active,
        )
        .await
    }

    /// Opens an unchanging view of the actor's tenant, for all the reads of one request.
    ///
    /// # Errors
    /// [`StoreError::TenantSuspended`], or as the database says.
    pub async fn snapshot(&self, actor: &Actor) -> Result<Snapshot, StoreError> {
        let conn = self.database().begin_read().await?;
        let scope = Scope::enter(conn, actor.tenant, TenantCheck::Active, self.now()).await?;
        Ok(Snapshot::new(scope, actor.clone(), self.clone()))
    }

    /// As [`Self::snapshot`] for a tenant that may be suspended: its own record and nothing else is
    /// for its people to see then.
    ///
    /// # Errors
    /// As the database says.
    pub async fn snapshot_of_record(&self, actor: &Actor) -> Result<tenant::Model, StoreError> {
        self.permit(actor, Action::TenantRead)?;
        let conn = self.database().begin_read().await?;
        Scope::enter(conn, actor.tenant, TenantCheck::None, self.now())
            .await?
            .tenant_record()
            .await
    }

    /// Refuses, and records the refusal, unless `actor` may do `action`.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`].
    pub fn permit(&self, actor: &Actor, action: Action) -> Result<(), StoreError> {
        if actor.may(action) {
            return Ok(());
        }
        self.inner.denials.note(actor, action, self.now());
        Err(StoreError::Forbidden(action))
    }

    pub(crate) async fn enter(
        &self,
        conn: Conn,
        tenant: TenantId,
        principal: Principal,
        request: RequestContext,
        email: Option<String>,
        check: TenantCheck,
    ) -> Result<Tx, StoreError> {
        let (scope, claimed) =
            idempotency::enter(self, conn, (tenant, principal), &request, check).await?;
        Ok(Tx {
            scope,
            principal,
            request,
            email,
            claimed,
            store: self.clone(),
            revoked: Vec::new(),
        })
    }

    /// Without entering: for recorded work that is no single tenant's. Its events go to the log of `log`.
    pub(crate) fn stay_wide(&self, conn: Wide, log: TenantId, principal: Principal) -> Tx {
        Tx {
            scope: Scope::of_every_tenant(conn, log, self.now()),
            principal,
            request: RequestContext::internal(),
            email: None,
            claimed: None,
            store: self.clone(),
            revoked: Vec::new(),
        }
    }
}
