//! Before anything is done: whether a request repeats one that was answered.

use chrono::{DateTime, Utc};
use entity::{EventId, TenantId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Claim, Earlier, row, taken::home};
use crate::{
    Actor, EventRef, EventStatus, Operator, Principal, RequestContext, Store, StoreError, View,
    conn::Conn,
    tx::{Scope, TenantCheck, enter_tenant},
};

/// What is known of a name.
#[derive(Debug, FromQueryResult)]
struct Known {
    fingerprint: Vec<u8>,
    master_no: i32,
    log_id: Option<TenantId>,
    event_id: Option<EventId>,
    targets: Option<String>,
    created_at: DateTime<Utc>,
    held: i32,
}

impl Store {
    /// The actor, carrying the name of its request: what is begun for it takes the name, and what is committed
    /// writes the outcome. When the request repeats one that was answered, [`Actor::earlier`] says what came of
    /// that.
    ///
    /// # Errors
    /// [`StoreError::IdempotencyKeyReused`] when another request had the name within a day;
    /// [`StoreError::IdempotencyKeyInUse`] while this one is at work; or as the database says.
    pub async fn recall(&self, actor: &Actor, claim: Claim) -> Result<Actor, StoreError> {
        let claim = self.known(actor.tenant, actor.principal, claim).await?;
        Ok(Actor {
            request: carrying(&actor.request, claim),
            ..actor.clone()
        })
    }

    /// As [`Self::recall`].
    ///
    /// # Errors
    /// As [`Self::recall`].
    pub async fn recall_operator(
        &self,
        operator: &Operator,
        claim: Claim,
    ) -> Result<Operator, StoreError> {
        let principal = Principal::Operator(operator.id);
        let claim = self.known(TenantId::SYSTEM, principal, claim).await?;
        Ok(Operator {
            request: carrying(&operator.request, claim),
            ..operator.clone()
        })
    }

    async fn known(
        &self,
        tenant: TenantId,
        principal: Principal,
        claim: Claim,
    ) -> Result<Claim, StoreError> {
        let Some(home) = home(tenant, principal) else {
            return Ok(claim);
        };
        let conn = self.database().begin_read().await?;
        enter_tenant(&conn, home, TenantCheck::None).await?;
        let mut values = row::Place::of(home, principal, &claim).values();
        values.push(self.now().into());
        let statement = conn.sql(&row::select(), values);
        let Some(known) = conn.query_one_raw(statement).await? else {
            return Ok(claim);
        };
        let known = Known::from_query_result(&known, "")?;
        let outcome = known.log_id.zip(known.event_id);
        if outcome.is_none() && known.held == 0 {
            // Whoever had it is gone, and nothing came of it.
            return Ok(claim);
        }
        if !self.is_same(&known, &claim)? {
            return Err(StoreError::IdempotencyKeyReused);
        }
        let (log, event) = outcome.ok_or(StoreError::IdempotencyKeyInUse)?;
        let earlier = self.earlier(conn, (log, event), known).await?;
        Ok(claim.repeating(earlier))
    }

    fn is_same(&self, known: &Known, claim: &Claim) -> Result<bool, StoreError> {
        let Some(master) = self.masters().numbered(known.master_no) else {
            return Ok(false);
        };
        let fingerprint = row::fingerprint(master, claim)?;
        Ok(fingerprint.ct_eq(&known.fingerprint).into())
    }

    async fn earlier(
        &self,
        conn: Conn,
        (log, event): (TenantId, EventId),
        known: Known,
    ) -> Result<Earlier, StoreError> {
        let scope = Scope::enter(conn, log, TenantCheck::None, self.now()).await?;
        let found = View::of(&scope, self).find_event(event).await?;
        let (status, entry) = match found {
            Some(found) => (found.status, found.entry),
            None => (EventStatus::Pending, None),
        };
        Ok(Earlier {
            asked_at: known.created_at,
            event: EventRef { id: event, status },
            targets: read(known.targets.as_deref().unwrap_or_default())?,
            entry: entry.map(Box::new),
        })
    }
}

fn carrying(request: &RequestContext, claim: Claim) -> RequestContext {
    RequestContext {
        claim: Some(claim),
        ..request.clone()
    }
}

fn read(targets: &str) -> Result<Vec<(String, Uuid)>, StoreError> {
    let read = |target: &str| {
        let (kind, uuid) = target
            .split_once(':')
            .ok_or_else(|| StoreError::internal("a target without a kind"))?;
        let uuid = uuid.parse().map_err(StoreError::internal)?;
        Ok((kind.to_owned(), uuid))
    };
    targets.split_whitespace().map(read).collect()
}
