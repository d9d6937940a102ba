//! What a resolver finds beside its arguments: the request, and loaders made for it alone.
//!
//! [`carry`] puts both into each GraphQL request. A loader shared by requests would batch across tenants; an
//! extension of the schema, which could add them too, would run once more for every field.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Context,
    dataloader::{DataLoader, HashMapCache},
};

use super::{audit_proof::ProofLoader, principal::NameLoader};
use crate::{
    error::{Code, Error},
    request::Request,
};

/// The request this resolver works for.
///
/// # Errors
/// [`Code::Internal`] when the endpoint put none in.
pub(crate) fn request<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Request>, Error> {
    ctx.data_opt::<Arc<Request>>()
        .ok_or_else(|| Error::internal("the GraphQL request carries no request"))
}

/// The request's own loader of names; within one request nobody is asked for twice.
pub(crate) type Names = DataLoader<NameLoader, HashMapCache>;

/// The request's own loader of names.
///
/// # Errors
/// [`Code::Internal`] when the endpoint put none in.
pub(crate) fn names<'a>(ctx: &Context<'a>) -> Result<&'a Names, Error> {
    ctx.data_opt::<Names>()
        .ok_or_else(|| Error::new(Code::Internal).because("the GraphQL request carries no loaders"))
}

/// The request's own loader of proofs: entries of one page share their tiles.
pub(crate) type Proofs = DataLoader<ProofLoader, HashMapCache>;

/// The request's own loader of proofs.
///
/// # Errors
/// [`Code::Internal`] when the endpoint put none in.
pub(crate) fn proofs<'a>(ctx: &Context<'a>) -> Result<&'a Proofs, Error> {
    ctx.data_opt::<Proofs>()
        .ok_or_else(|| Error::new(Code::Internal).because("the GraphQL request carries no loaders"))
}

/// Gives a GraphQL request what its resolvers look for: the request it stands for, and fresh loaders.
pub(crate) fn carry(
    asked: async_graphql::Request,
    request: &Arc<Request>,
) -> async_graphql::Request {
    asked
        .data(names_of(Arc::clone(request)))
        .data(proofs_of(Arc::clone(request)))
        .data(Arc::clone(request))
}

/// How long the loader collects before it asks. Fields of one list ask within microseconds of each other.
const COLLECT: Duration = Duration::from_micros(200);

fn names_of(request: Arc<Request>) -> Names {
    let tasks = request.app.tasks.clone();
    let spawn = move |batch| {
        tasks.spawn(batch);
    };
    DataLoader::with_cache(NameLoader::new(request), spawn, HashMapCache::default()).delay(COLLECT)
}

fn proofs_of(request: Arc<Request>) -> Proofs {
    let tasks = request.app.tasks.clone();
    let spawn = move |batch| {
        tasks.spawn(batch);
    };
    DataLoader::with_cache(ProofLoader::new(request), spawn, HashMapCache::default()).delay(COLLECT)
}
