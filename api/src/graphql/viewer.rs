//! Whoever asks.

use async_graphql::{Context, Object};
use store::Actor;

use super::{context, member::Member, principal::Principal, tenant::Tenant};
use crate::{
    error::{Error, Failure},
    request::{Caller, Request, no_credential},
    service,
};

/// Whoever asks.
#[derive(Debug, Clone, Copy)]
pub struct Viewer;

/// Whoever asks.
#[Object]
impl Viewer {
    /// Who it is. Needs any signed-in person; or any API key.
    async fn principal(&self, ctx: &Context<'_>) -> Result<Principal, Failure> {
        Ok(principal(context::request(ctx)?)?.into())
    }

    /// The active tenant, also while it is suspended; null when none is selected. Needs any role; or
    /// any API key.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>, Failure> {
        let record = service::tenant::active(context::request(ctx)?).await?;
        Ok(record.map(Tenant::new))
    }

    /// The tenants this person belongs to, oldest membership first; empty for an API key. Needs any
    /// signed-in person; or any API key.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<Member>, Failure> {
        let request = context::request(ctx)?;
        let Caller::Person(signed_in) = &request.caller else {
            return Ok(Vec::new());
        };
        let memberships = request.app.store.memberships_of(&signed_in.person).await?;
        Ok(memberships.into_iter().map(Member::from).collect())
    }
}

fn principal(request: &Request) -> Result<store::Principal, Error> {
    match &request.caller {
        Caller::Key(actor) => Ok(actor.principal()),
        Caller::Person(signed_in) => {
            let inside = signed_in.actor.as_ref().map(Actor::principal);
            Ok(inside.unwrap_or(store::Principal::Person(signed_in.person.user())))
        }
        Caller::Operator(_) | Caller::Anonymous => Err(no_credential()),
    }
}
