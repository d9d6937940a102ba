//! The look-ups before a tenant is known: key id, session token, operator token, address at sign-in.
//!
//! Whoever leaves here with an [`Actor`], [`Person`] or [`Operator`] has shown a good credential.

pub mod token;

mod key;
mod look_up;
mod marks;
mod renewal;
mod session;
mod sign_in;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use entity::{ApiKeyId, OperatorSessionId, SessionId, TenantId};
use moka::future::Cache;
use zeroize::Zeroizing;

use crate::{
    StoreError,
    keys::{Label, MasterKey, MasterKeys},
};
pub use key::StoredKey;
pub(crate) use look_up::MEMBERSHIPS;
pub(crate) use marks::Marks;
pub use session::SignedIn;
pub use sign_in::{InvitedPerson, NewSession, SignInRecord};

/// Why a credential did not get in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// It is not one of ours, unknown, revoked, expired or idle for too long. One sentence for all.
    #[error("the credential is unknown, expired, revoked, or was idle for too long")]
    Rejected,
    /// A good key from an address it does not work from.
    #[error("the API key does not work from this address")]
    AddressNotAllowed,
    /// As the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const UNKNOWN_TTL: Duration = Duration::from_secs(5);
const CACHED: u64 = 100_000;
const UNKNOWN_CACHED: u64 = 10_000;

/// Credentials seen lately, and uses not yet written.
#[derive(Debug)]
pub(crate) struct Credentials {
    peppers: Peppers,
    keys: Cache<String, Arc<key::Known>>,
    unknown_keys: Cache<String, ()>,
    sessions: Cache<[u8; 32], Arc<session::Known>>,
    marks: Marks,
    uses: Mutex<Uses>,
}

/// What API keys are stored under, by the number of the master key.
struct Peppers {
    current: Zeroizing<[u8; 32]>,
    previous: Option<(i32, Zeroizing<[u8; 32]>)>,
}

impl Peppers {
    /// The one of that number; the current one when there is none, which then fits no key.
    fn numbered(&self, number: Option<i32>) -> &[u8; 32] {
        match &self.previous {
            Some((previous, pepper)) if Some(*previous) == number => pepper,
            _ => &self.current,
        }
    }
}

impl std::fmt::Debug for Peppers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Peppers")
    }
}

/// Uses since the last flush.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub(crate) keys: HashMap<(TenantId, ApiKeyId), DateTime<Utc>>,
    pub(crate) sessions: HashMap<SessionId, DateTime<Utc>>,
    pub(crate) operator_sessions: HashMap<OperatorSessionId, DateTime<Utc>>,
}

impl Uses {
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.sessions.is_empty() && self.operator_sessions.is_empty()
    }
}

impl Credentials {
    pub(crate) fn new(masters: &MasterKeys) -> Self {
        let pepper = |master: &MasterKey| master.derive(Label::ApiKeyPepper);
        Self {
            peppers: Peppers {
                current: pepper(masters.current()),
                previous: masters.previous().map(|key| (key.number(), pepper(key))),
            },
            keys: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(marks::LONGEST)
                .build(),
            unknown_keys: Cache::builder()
                .max_capacity(UNKNOWN_CACHED)
                .time_to_live(UNKNOWN_TTL)
                .build(),
            sessions: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(marks::LONGEST)
                .build(),
            marks: Marks::default(),
            uses: Mutex::default(),
        }
    }

    /// Which copies may still be used.
    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    pub(crate) fn note_key(&self, tenant: TenantId, key: ApiKeyId, at: DateTime<Utc>) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.keys.insert((tenant, key), at);
    }

    pub(crate) fn note_session(&self, session: SessionId, at: DateTime<Utc>) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.sessions.insert(session, at);
    }

    pub(crate) fn note_operator_session(&self, session: OperatorSessionId, at: DateTime<Utc>) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.operator_sessions.insert(session, at);
    }

    pub(crate) fn take_uses(&self) -> Uses {
        std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
