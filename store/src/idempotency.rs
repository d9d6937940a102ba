//! Requests that clients have named, so that one whose answer was lost can be sent again.
//!
//! A name is the request's own while it works, and remembers what came of it for a day: the row is written in
//! the transaction of the change, so there is no change without it, and nothing of a failed one stays. What is
//! kept is small: a keyed hash of what was asked for, the event of the change, and the ids that it names. A
//! repetition reads the things again, and changes nothing.
//!
//! No service has to think of it. Whoever begins a change for an actor that carries a [`Claim`] takes the name,
//! or is refused because another request has it; whoever commits one writes the outcome. What a service must
//! bring is the answer to a repetition, from [`Earlier`]; one that brings none does the change never twice, and
//! answers [`StoreError::IdempotencyKeyInUse`].

mod recall;
mod row;

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{EventId, TenantId, UploadId, audit_entry};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Actor, EventRef, Events, Operator, Principal, Receipt, RequestContext, Store, StoreError, Tx,
    conn::Conn,
    event::class::TargetId,
    system::{Reason, SystemTx},
    tx::{TenantCheck, enter_tenant},
};
use row::Place;

/// The longest name, in characters; each is one byte.
pub const KEY_MAX_CHARS: usize = 255;
/// How long a name remembers what came of its request.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long a stream counts as being at work after it last said so. A process that is gone keeps a name no
/// longer.
pub const HELD: TimeDelta = TimeDelta::seconds(30);

/// Nothing has been committed under the name yet.
const OPEN: u8 = 0;
/// A first part has been committed, and more is to come.
const HOLDING: u8 = 1;
/// What came of the request is written.
const ANSWERED: u8 = 2;

/// A request's own name, and what it asks for.
#[derive(Clone)]
pub struct Claim(Arc<Inner>);

struct Inner {
    key: String,
    /// Of what is asked for. Never stored as it is: it may be made of a password.
    digest: [u8; 32],
    stage: AtomicU8,
    earlier: Option<Earlier>,
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("stage", &self.stage())
            .field("earlier", &self.0.earlier)
            .finish_non_exhaustive()
    }
}

impl Claim {
    /// Of a request that is named `key` and asks for what is in `asked`, part by part.
    #[must_use]
    pub fn new(key: String, asked: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in asked {
            // The length in front, so that no two lists of parts look the same.
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self(Arc::new(Inner {
            key,
            digest: hasher.finalize().into(),
            stage: AtomicU8::new(OPEN),
            earlier: None,
        }))
    }

    fn repeating(&self, earlier: Earlier) -> Self {
        Self(Arc::new(Inner {
            key: self.0.key.clone(),
            digest: self.0.digest,
            stage: AtomicU8::new(ANSWERED),
            earlier: Some(earlier),
        }))
    }

    fn stage(&self) -> u8 {
        self.0.stage.load(Ordering::Acquire)
    }

    /// Only after a commit: until then the request may begin anew.
    fn advance(&self, stage: u8) {
        self.0.stage.store(stage, Ordering::Release);
    }
}

/// What came of a request the first time.
#[derive(Debug, Clone)]
pub struct Earlier {
    asked_at: DateTime<Utc>,
    event: EventRef,
    targets: Vec<(String, Uuid)>,
    entry: Option<Box<audit_entry::Model>>,
}

impl Earlier {
    /// When it was asked the first time.
    #[must_use]
    pub fn asked_at(&self) -> DateTime<Utc> {
        self.asked_at
    }

    /// The event of the change, and how far it is by now.
    #[must_use]
    pub fn event(&self) -> EventRef {
        self.event
    }

    /// As the commit of the change gave it.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt::of(self.event)
    }

    /// The event's entry; none before it is in its log.
    #[must_use]
    pub fn entry(&self) -> Option<&audit_entry::Model> {
        self.entry.as_deref()
    }

    /// The first thing of that kind that the event names.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when it names none.
    pub fn id<T: TargetId>(&self) -> Result<T, StoreError> {
        let mut targets = self.targets.iter();
        let found = targets.find(|(kind, _)| kind == T::KIND);
        found
            .map(|(_, uuid)| T::of_uuid(*uuid))
            .ok_or_else(|| StoreError::internal(format!("the event names no {}", T::KIND)))
    }
}

impl Actor {
    /// What came of the request the first time, when this one repeats it.
    #[must_use]
    pub fn earlier(&self) -> Option<&Earlier> {
        self.request.claim.as_ref()?.0.earlier.as_ref()
    }

    /// Whether what is committed next for this actor is the outcome of a request with a name.
    pub(crate) fn is_claiming(&self) -> bool {
        let claim = self.request.claim.as_ref();
        claim.is_some_and(|claim| claim.stage() != ANSWERED)
    }
}

impl Operator {
    /// As [`Actor::earlier`].
    #[must_use]
    pub fn earlier(&self) -> Option<&Earlier> {
        self.request.claim.as_ref()?.0.earlier.as_ref()
    }
}

/// A name that a transaction has taken.
#[derive(Debug)]
pub(crate) struct Taken {
    claim: Claim,
    /// Set when an earlier transaction took it, for this upload.
    upload: Option<UploadId>,
}

/// Names the tenant to the database as [`enter_tenant`] does, and takes the request's name if it has one.
pub(crate) async fn enter(
    store: &Store,
    conn: &Conn,
    (tenant, principal): (TenantId, Principal),
    request: &RequestContext,
    check: TenantCheck,
) -> Result<Option<Taken>, StoreError> {
    let open = request.claim.as_ref().filter(|claim| claim.stage() == OPEN);
    let (Some(claim), Some(home)) = (open, home(tenant, principal)) else {
        // One that was answered before is never done again.
        if request
            .claim
            .as_ref()
            .is_some_and(|claim| claim.0.earlier.is_some())
        {
            return Err(StoreError::IdempotencyKeyInUse);
        }
        enter_tenant(conn, tenant, check).await?;
        return Ok(None);
    };
    let place = Place::of(home, principal, claim);
    // The names of operators are the deployment's own; a transaction sees one tenant's rows at a time.
    if home != tenant {
        enter_tenant(conn, home, TenantCheck::None).await?;
        row::take(store, conn, &place, claim).await?;
    }
    enter_tenant(conn, tenant, check).await?;
    if home == tenant {
        row::take(store, conn, &place, claim).await?;
    }
    Ok(Some(Taken {
        claim: claim.clone(),
        upload: None,
    }))
}

/// Whose rows the names of a principal are; none where a principal cannot be told from another.
fn home(tenant: TenantId, principal: Principal) -> Option<TenantId> {
    match principal {
        Principal::User(_) | Principal::ApiKey(_) => Some(tenant),
        Principal::Operator(_) => Some(TenantId::SYSTEM),
        Principal::Person(_) | Principal::System(_) | Principal::Anonymous => None,
    }
}

impl Taken {
    /// The last step of a commit that was taken under the name.
    pub(crate) fn answered(&self) {
        self.claim.advance(ANSWERED);
    }

    /// Writes what the transaction is about to commit: the last of the events.
    pub(crate) async fn answer(
        &self,
        tx: &Tx,
        event: EventId,
        targets: String,
    ) -> Result<(), StoreError> {
        let (tenant, principal) = (tx.tenant(), tx.principal());
        let home = home(tenant, principal).unwrap_or(tenant);
        let place = Place::of(home, principal, &self.claim);
        if home != tenant {
            enter_tenant(tx.conn(), home, TenantCheck::None).await?;
        }
        let outcome = (tenant, event, targets);
        row::answer(tx.conn(), &place, self.upload, outcome).await?;
        if home != tenant {
            enter_tenant(tx.conn(), tenant, TenantCheck::None).await?;
        }
        Ok(())
    }
}

/// The ids that the last of the events names, as they are stored.
pub(crate) fn targets(events: &Events) -> String {
    let targets = events.last().into_iter().flat_map(|event| &event.targets);
    let targets: Vec<String> = targets
        .map(|(kind, uuid)| format!("{kind}:{uuid}"))
        .collect();
    targets.join(" ")
}

impl Tx {
    /// Commits the first part of a change that streams: the name stays taken for as long as `upload` is open and
    /// [`Store::hold_claim`] says so. Without a name it is [`Tx::commit`].
    ///
    /// # Errors
    /// As [`Tx::commit`].
    pub async fn commit_holding(
        mut self,
        upload: UploadId,
        events: impl Into<Events>,
    ) -> Result<Receipt, StoreError> {
        let Some(taken) = self.take_claim() else {
            return self.commit(events).await;
        };
        let place = Place::of(self.tenant(), self.principal(), &taken.claim);
        row::hold(self.conn(), &place, upload, self.now() + HELD).await?;
        let receipt = self.commit(events).await?;
        taken.claim.advance(HOLDING);
        Ok(receipt)
    }

    /// Commits the last part of a change that streamed, as the outcome of its request. Without a name it is
    /// [`Tx::commit`].
    ///
    /// # Errors
    /// As [`Tx::commit`]; [`StoreError::IdempotencyKeyInUse`] when the name was lost to a repetition, because
    /// nothing was heard of this one for [`HELD`].
    pub async fn commit_held(
        mut self,
        upload: UploadId,
        events: impl Into<Events>,
    ) -> Result<Receipt, StoreError> {
        if let Some(claim) = self.claim().filter(|claim| claim.stage() == HOLDING) {
            let upload = Some(upload);
            self.put_claim(Taken { claim, upload });
        }
        self.commit(events).await
    }
}

impl Store {
    /// Says that the stream into `upload` is at work, so that its name stays taken. Nothing to do without a name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn hold_claim(&self, actor: &Actor, upload: UploadId) -> Result<(), StoreError> {
        let claim = actor.request.claim.as_ref();
        let Some(claim) = claim.filter(|claim| claim.stage() == HOLDING) else {
            return Ok(());
        };
        let tx = self.begin_system(Reason::IdempotencyBookkeeping).await?;
        let place = Place::of(actor.tenant, actor.principal, claim);
        row::hold_on(tx.conn(), &place, upload, tx.now() + HELD).await?;
        tx.commit_without_event().await
    }
}

impl SystemTx {
    /// Forgets up to `limit` names whose time was over at `now`. Says how many.
    ///
    /// # Errors
    /// As the database says.
    pub async fn sweep_claims(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        row::sweep(self.conn(), now, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_told_apart_part_by_part() {
        let digest = |asked: &[&[u8]]| Claim::new("k".to_owned(), asked).0.digest;
        assert_eq!(digest(&[b"a", b"bc"]), digest(&[b"a", b"bc"]));
        assert_ne!(digest(&[b"a", b"bc"]), digest(&[b"ab", b"c"]));
        assert_ne!(digest(&[b"a"]), digest(&[b"a", b""]));
    }

    #[test]
    fn neither_name_nor_digest_is_shown() {
        let claim = Claim::new("hunter2".to_owned(), &[b"hunter3"]);
        assert_eq!(
            format!("{claim:?}"),
            "Claim { stage: 0, earlier: None, .. }"
        );
    }
}
