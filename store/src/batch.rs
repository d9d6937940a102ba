//! Events without a change of their own (a link issued, a refusal): many requests share one commit,
//! and each still waits until its own event is durable.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use entity::TenantId;
use policy::Action;
use tokio::sync::oneshot;

use crate::{
    Actor, Backend, Event, EventRef, EventStatus, Principal, RequestContext, Store, StoreError,
    outbox::{self, Author, Prepared},
    sequence,
    tx::{TenantCheck, enter_tenant},
};

/// How long the first event waits for company.
const WINDOW: Duration = Duration::from_millis(2);
/// Most events in one commit.
const MOST: usize = 256;

/// Events on their way into a shared commit.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    flusher: bool,
}

#[derive(Debug)]
struct Waiting {
    draft: Prepared,
    done: oneshot::Sender<Result<EventRef, StoreError>>,
}

/// An event and whose it is.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) tenant: TenantId,
    pub(crate) principal: Principal,
    pub(crate) request: RequestContext,
    pub(crate) email: Option<String>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) event: Event,
}

impl Batch {
    /// Puts an event in line; says whether the caller must start a flusher.
    fn push(&self, waiting: Waiting) -> bool {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.push(waiting);
        !std::mem::replace(&mut queue.flusher, true)
    }

    /// The next events to write; with none, the flusher is done.
    fn take(&self) -> Vec<Waiting> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let most = queue.waiting.len().min(MOST);
        let taken: Vec<_> = queue.waiting.drain(..most).collect();
        queue.flusher = !taken.is_empty();
        taken
    }
}

impl Store {
    /// Records that `actor` did something that changes no row, and returns once that is durable.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], or as the database says; then nothing was recorded, and what the
    /// event stands for must not be handed out.
    pub async fn record(
        &self,
        actor: &Actor,
        action: Action,
        event: impl Into<Event>,
    ) -> Result<EventRef, StoreError> {
        if actor.is_claiming() {
            // The name of the request goes with its event.
            let tx = self.begin(actor, action).await?;
            let receipt = tx.commit(event.into()).await?;
            let event = receipt.event();
            return event.ok_or_else(|| StoreError::internal("a receipt without an event"));
        }
        self.permit(actor, action)?;
        self.record_as(Record {
            tenant: actor.tenant,
            principal: actor.principal,
            request: actor.request.clone(),
            email: actor.email.clone(),
            at: self.now(),
            event: event.into(),
        })
        .await
    }

    pub(crate) async fn record_as(&self, record: Record) -> Result<EventRef, StoreError> {
        // Prepared alone, so that an event that cannot be recorded spoils nobody else's.
        let draft = prepare(&record)?;
        let (done, written) = oneshot::channel();
        if self.batch().push(Waiting { draft, done }) {
            let store = self.clone();
            // In the store's own task set: the request may be dropped, the shared commit may not.
            self.tasks()
                .spawn(async move { store.flush_batches().await });
        }
        written
            .await
            .unwrap_or_else(|_| Err(StoreError::internal("the batch was dropped")))
    }

    async fn flush_batches(&self) {
        loop {
            tokio::time::sleep(WINDOW).await;
            let waiting = self.batch().take();
            if waiting.is_empty() {
                return;
            }
            let (drafts, done): (Vec<_>, Vec<_>) =
                waiting.into_iter().map(|w| (w.draft, w.done)).unzip();
            answer(self.write_drafts(&drafts).await, done);
        }
    }

    /// Writes the records in one commit, in order.
    pub(crate) async fn write_batch(
        &self,
        records: Vec<Record>,
    ) -> Result<Vec<EventRef>, StoreError> {
        let drafts: Result<Vec<Prepared>, StoreError> = records.iter().map(prepare).collect();
        self.write_drafts(&drafts?).await
    }

    async fn write_drafts(&self, drafts: &[Prepared]) -> Result<Vec<EventRef>, StoreError> {
        let tenants: BTreeSet<TenantId> = drafts.iter().map(|draft| draft.tenant).collect();
        let conn = self.database().begin_write().await?;
        let mut pending = BTreeSet::new();
        for tenant in tenants {
            enter_tenant(&conn, tenant, TenantCheck::None).await?;
            let of_tenant = drafts.iter().filter(|draft| draft.tenant == tenant);
            outbox::insert(&conn, of_tenant).await?;
            if self.database().backend() == Backend::Postgres
                || sequence::append_inline(self, &conn, tenant).await? == EventStatus::Pending
            {
                pending.insert(tenant);
            }
        }
        conn.commit().await?;
        if !pending.is_empty() {
            self.wake_sequencer();
        }
        let status = |draft: &Prepared| match pending.contains(&draft.tenant) {
            true => EventStatus::Pending,
            false => EventStatus::Signed,
        };
        let events = drafts.iter().map(|draft| EventRef {
            id: draft.event_id,
            status: status(draft),
        });
        Ok(events.collect())
    }
}

fn prepare(record: &Record) -> Result<Prepared, StoreError> {
    let author = Author {
        tenant: record.tenant,
        principal: record.principal,
        request: &record.request,
        email: record.email.as_deref(),
        at: record.at,
    };
    outbox::prepare(record.event.clone(), &author)
}

fn answer(
    written: Result<Vec<EventRef>, StoreError>,
    done: Vec<oneshot::Sender<Result<EventRef, StoreError>>>,
) {
    // Whoever has gone away meanwhile does not hear it; the event is recorded all the same.
    match written {
        Ok(events) => {
            for (event, done) in events.into_iter().zip(done) {
                let _ = done.send(Ok(event));
            }
        }
        Err(error) => {
            tracing::error!(error = ?error, "a batch of events was not written");
            for done in done {
                let _ = done.send(Err(StoreError::internal("the batch was not written")));
            }
        }
    }
}
