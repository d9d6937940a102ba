//! The name inside the transaction that takes it.

use entity::{EventId, TenantId, UploadId};

use super::{ANSWERED, Claim, OPEN, row, row::Place};
use crate::{
    Events, Principal, RequestContext, Store, StoreError, Tx,
    conn::Conn,
    tx::{Scope, TenantCheck, enter_tenant},
};

/// A name that a transaction has taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(super) claim: Claim,
    /// Set when an earlier transaction took it, for this upload.
    pub(super) upload: Option<UploadId>,
}

/// Enters the tenant, and takes the request's name if it has one.
pub(crate) async fn enter(
    store: &Store,
    conn: Conn,
    (tenant, principal): (TenantId, Principal),
    request: &RequestContext,
    check: TenantCheck,
) -> Result<(Scope, Option<Taken>), StoreError> {
    let claim = request.claim.as_ref();
    // What was done before is never done again, also by a use case that has no answer to a repetition.
    if claim.is_some_and(|claim| claim.0.earlier.is_some()) {
        return Err(StoreError::IdempotencyKeyInUse);
    }
    let open = claim.filter(|claim| claim.stage() == OPEN);
    let (Some(claim), Some(home)) = (open, home(tenant, principal)) else {
        let scope = Scope::enter(conn, tenant, check, store.now()).await?;
        return Ok((scope, None));
    };
    let place = Place::of(home, principal, claim);
    // The names of operators are the deployment's own; a transaction sees one tenant's rows at a time.
    if home != tenant {
        enter_tenant(&conn, home, TenantCheck::None).await?;
        row::take(store, &conn, &place, claim).await?;
    }
    let scope = Scope::enter(conn, tenant, check, store.now()).await?;
    if home == tenant {
        row::take(store, scope.conn(), &place, claim).await?;
    }
    let taken = Taken {
        claim: claim.clone(),
        upload: None,
    };
    Ok((scope, Some(taken)))
}

/// Whose rows the names of a principal are; none where a principal cannot be told from another.
pub(super) fn home(tenant: TenantId, principal: Principal) -> Option<TenantId> {
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
