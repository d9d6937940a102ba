//! Transactions: entered with an actor and an action, left with an event.

use std::{ops::Deref, sync::Arc};

use chrono::{DateTime, Utc};
use entity::{EventId, TenantId, audit_head, tenant};
use policy::{Action, TenantStatus, Tiers};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Select};
use tokio::sync::{Notify, OnceCell};
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use crate::{
    Actor, Backend, Clock, Database, Events, Noun, Principal, RequestContext, StoreError,
    auth::Credentials,
    batch::Batch,
    bootstrap::Deployment,
    conn::Conn,
    denial::Denials,
    keys::{Label, MasterKey, MasterKeys},
    outbox, sequence,
};

/// A table whose rows belong to exactly one tenant.
///
/// The finders of the store take nothing else:
///
/// ```
/// fn rows_of_a_tenant<E: store::TenantOwned>() {}
/// rows_of_a_tenant::<entity::file::Entity>();
/// ```
/// ```compile_fail
/// fn rows_of_a_tenant<E: store::TenantOwned>() {}
/// rows_of_a_tenant::<entity::user::Entity>();
/// ```
pub trait TenantOwned: EntityTrait {
    /// The column that says whose row it is.
    const TENANT: Self::Column;
}

macro_rules! tenant_owned {
    ($($table:ident),+ $(,)?) => {$(
        impl TenantOwned for entity::$table::Entity {
            const TENANT: Self::Column = entity::$table::Column::TenantId;
        }
    )+};
}

tenant_owned!(
    api_key,
    audit_checkpoint,
    audit_disclosure,
    audit_entry,
    audit_head,
    audit_hold,
    audit_key,
    audit_outbox,
    audit_removal,
    audit_target,
    audit_tile,
    file,
    invitation,
    job,
    member,
    reservation,
    upload,
    usage_counter,
    verification,
);

impl TenantOwned for tenant::Entity {
    const TENANT: Self::Column = tenant::Column::Id;
}

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
    denials: Denials,
    batch: Batch,
    tasks: TaskTracker,
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
                masters,
                tiers,
                deployment: OnceCell::new(),
                sequencer_wake: Notify::new(),
                denials: Denials::default(),
                batch: Batch::default(),
                tasks: TaskTracker::new(),
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

    pub(crate) fn denials(&self) -> &Denials {
        &self.inner.denials
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.inner.batch
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
        enter_tenant(&conn, actor.tenant, TenantCheck::Active).await?;
        Ok(Snapshot {
            scope: Scope::new(conn, actor.tenant, self.now()),
            actor: actor.clone(),
            store: self.clone(),
        })
    }

    /// As [`Self::snapshot`] for a tenant that may be suspended: its own record and nothing else is
    /// for its people to see then.
    ///
    /// # Errors
    /// As the database says.
    pub async fn snapshot_of_record(&self, actor: &Actor) -> Result<tenant::Model, StoreError> {
        self.permit(actor, Action::TenantRead)?;
        let conn = self.database().begin_read().await?;
        enter_tenant(&conn, actor.tenant, TenantCheck::None).await?;
        Scope::new(conn, actor.tenant, self.now())
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
        enter_tenant(&conn, tenant, check).await?;
        Ok(Tx {
            scope: Scope::new(conn, tenant, self.now()),
            principal,
            request,
            email,
            store: self.clone(),
        })
    }
}

/// What is asked of a tenant's status at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TenantCheck {
    /// It must be active.
    Active,
    /// Operators and housekeeping enter always.
    None,
}

/// Names the tenant to the database and reads its status, in one statement on Postgres.
pub(crate) async fn enter_tenant(
    conn: &Conn,
    tenant: TenantId,
    check: TenantCheck,
) -> Result<(), StoreError> {
    let statement = if conn.is_postgres() {
        conn.sql(
            "SELECT set_config('app.tenant_id', $1, true) AS setting, \
             (SELECT status FROM tenant WHERE id = $2) AS status",
            [tenant.uuid().to_string().into(), tenant.into()],
        )
    } else if check == TenantCheck::None {
        return Ok(());
    } else {
        conn.sql("SELECT status FROM tenant WHERE id = $1", [tenant.into()])
    };
    let status: Option<String> = match conn.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "status")?,
        None => None,
    };
    match check {
        TenantCheck::None => Ok(()),
        TenantCheck::Active if status.as_deref() == Some(TenantStatus::Active.as_str()) => Ok(()),
        TenantCheck::Active => Err(StoreError::TenantSuspended),
    }
}

/// A tenant's rows, and no others. What [`Tx`] and [`View`] have in common.
#[derive(Debug)]
pub struct Scope {
    conn: Conn,
    tenant: TenantId,
    now: DateTime<Utc>,
}

impl Scope {
    pub(crate) fn new(conn: Conn, tenant: TenantId, now: DateTime<Utc>) -> Self {
        Self { conn, tenant, now }
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// When the transaction began, by the application's clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// How many rows the tenant has in a table.
    ///
    /// ```compile_fail
    /// # async fn f(scope: &store::tx::Scope) {
    /// scope.count::<entity::user::Entity>().await; // no tenant's table
    /// # }
    /// ```
    /// ```
    /// # async fn f(scope: &store::tx::Scope) {
    /// let files = scope.count::<entity::file::Entity>().await;
    /// # }
    /// ```
    ///
    /// # Errors
    /// As the database says.
    pub async fn count<E>(&self) -> Result<u64, StoreError>
    where
        E: TenantOwned,
        E::Model: Sync,
    {
        Ok(self.find::<E>().count(&self.conn).await?)
    }

    pub(crate) fn conn(&self) -> &Conn {
        &self.conn
    }

    pub(crate) fn into_conn(self) -> Conn {
        self.conn
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one unscoped find, scoped here"
    )]
    pub(crate) fn find<E: TenantOwned>(&self) -> Select<E> {
        E::find().filter(E::TENANT.eq(self.tenant))
    }

    /// The tenant's own record.
    ///
    /// # Errors
    /// As the database says.
    pub async fn tenant_record(&self) -> Result<tenant::Model, StoreError> {
        self.find::<tenant::Entity>()
            .one(&self.conn)
            .await?
            .ok_or(StoreError::NotFound(Noun::Tenant))
    }
}

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
    store: Store,
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
        let drafts = outbox::drafts(events.into(), &self.author())?;
        let conn = &self.scope.conn;
        outbox::insert(conn, &drafts).await?;
        let status = self.sequence_inline().await?;
        self.scope.conn.commit().await?;
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
        let drafts = outbox::drafts(events.into(), &self.author())?;
        let events = drafts.iter().map(|draft| EventRef {
            id: draft.event_id,
            status: EventStatus::Signed,
        });
        let receipt = Receipt {
            events: events.collect(),
        };
        sequence::append_now(&self.store, &self.scope.conn, head, drafts).await?;
        self.scope.conn.commit().await?;
        Ok(receipt)
    }

    fn author(&self) -> outbox::Author<'_> {
        outbox::Author {
            tenant: self.scope.tenant,
            principal: self.principal,
            request: &self.request,
            email: self.email.as_deref(),
            at: self.scope.now,
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
        outbox::insert(&self.scope.conn, &drafts).await?;
        if self.store.database().backend() == Backend::Sqlite {
            sequence::append_inline(&self.store, &self.scope.conn, tenant).await?;
        }
        Ok(())
    }

    /// SQLite has one writer anyway, so the entry is appended here; Postgres leaves it to a worker,
    /// because the lock on the chain's head would make the tenant's transactions wait for each other.
    async fn sequence_inline(&self) -> Result<EventStatus, StoreError> {
        if self.store.database().backend() == Backend::Postgres {
            return Ok(EventStatus::Pending);
        }
        sequence::append_inline(&self.store, &self.scope.conn, self.scope.tenant).await
    }
}

/// The one unchanging view a request reads through.
#[derive(Debug)]
pub struct Snapshot {
    scope: Scope,
    actor: Actor,
    store: Store,
}

impl Snapshot {
    /// Reads for `action`, if the actor may; a refusal is recorded.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`].
    pub fn view(&self, action: Action) -> Result<View<'_>, StoreError> {
        self.store.permit(&self.actor, action)?;
        Ok(View {
            scope: &self.scope,
            store: &self.store,
        })
    }

    /// Whose view it is.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// A permitted read.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    scope: &'a Scope,
    store: &'a Store,
}

impl View<'_> {
    pub(crate) fn store(&self) -> &Store {
        self.store
    }
}

impl Deref for View<'_> {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        self.scope
    }
}
