//! What a resolver finds beside its arguments: the request, and loaders made for it alone.
//!
//! The endpoint puts one `Arc<Request>` into each GraphQL request. The loaders are added here, per
//! request: a loader shared by requests would batch across tenants.

use std::sync::Arc;

use async_graphql::{
    Context, ServerResult,
    dataloader::{DataLoader, HashMapCache},
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
};

use super::principal::NameLoader;
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
/// [`Code::Internal`] when the schema was built without [`PerRequest`].
pub(crate) fn names<'a>(ctx: &Context<'a>) -> Result<&'a Names, Error> {
    ctx.data_opt::<Names>()
        .ok_or_else(|| Error::new(Code::Internal).because("the GraphQL request carries no loaders"))
}

/// Adds fresh loaders to every request that carries an `Arc<Request>`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PerRequest;

impl ExtensionFactory for PerRequest {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for PerRequest {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: async_graphql::Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<async_graphql::Request> {
        let carried = request
            .data
            .get(&std::any::TypeId::of::<Arc<Request>>())
            .and_then(|data| data.downcast_ref::<Arc<Request>>())
            .cloned();
        let request = match carried {
            Some(carried) => request.data(names_of(carried)),
            None => request,
        };
        next.run(ctx, request).await
    }
}

fn names_of(request: Arc<Request>) -> Names {
    let tasks = request.app.tasks.clone();
    let spawn = move |batch| {
        tasks.spawn(batch);
    };
    DataLoader::with_cache(NameLoader::new(request), spawn, HashMapCache::default())
}
