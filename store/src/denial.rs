//! Refusals of known principals, folded: one entry per principal, action and minute, with a count.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use entity::TenantId;
use policy::Action;

use crate::{Actor, Principal, RequestContext, Store, StoreError, batch::Record, event};

/// Most principals and actions remembered at a time; beyond, refusals are counted and not listed,
/// so that a flood cannot grow the memory or the log.
const MOST: usize = 10_000;

/// Refusals waiting for the end of their minute.
#[derive(Debug, Default)]
pub struct Denials {
    folded: Mutex<HashMap<Key, Folded>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    tenant: TenantId,
    principal: Principal,
    action: Action,
    minute: i64,
}

#[derive(Debug)]
struct Folded {
    count: u64,
    request: RequestContext,
    email: Option<String>,
    at: DateTime<Utc>,
}

impl Denials {
    pub(crate) fn note(&self, actor: &Actor, action: Action, at: DateTime<Utc>) {
        let key = Key {
            tenant: actor.tenant,
            principal: actor.principal,
            action,
            minute: at.timestamp().div_euclid(60),
        };
        let mut folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        if folded.len() >= MOST && !folded.contains_key(&key) {
            return;
        }
        folded
            .entry(key)
            .or_insert_with(|| Folded {
                count: 0,
                request: actor.request.clone(),
                email: actor.email.clone(),
                at,
            })
            .count += 1;
    }

    /// Takes out what is of a minute before `now`; everything with `all`.
    fn take(&self, now: DateTime<Utc>, all: bool) -> Vec<Record> {
        let minute = now.timestamp().div_euclid(60);
        let mut folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        folded
            .extract_if(|key, _| all || key.minute < minute)
            .map(|(key, value)| Record {
                tenant: key.tenant,
                principal: key.principal,
                request: value.request,
                email: value.email,
                at: value.at,
                event: event::denied(key.action, value.count),
            })
            .collect()
    }
}

impl Store {
    /// Records the refusals of minutes that are over; with `all` also of the current one, as the
    /// process does before it ends.
    ///
    /// # Errors
    /// As the database says; what could not be written is lost except from the logs.
    pub async fn flush_denials(&self, all: bool) -> Result<usize, StoreError> {
        let records = self.denials().take(self.now(), all);
        let count = records.len();
        if count > 0 {
            self.write_batch(records).await?;
        }
        Ok(count)
    }
}
