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
mod stream;
mod taken;

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::audit_entry;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Actor, EventRef, Operator, Receipt, StoreError, event::class::TargetId, system::SystemTx,
};
pub(crate) use taken::{Taken, enter, targets};

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
