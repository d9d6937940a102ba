//! The root of every query.

use async_graphql::{Context, ID, Object, PathSegment, ServerError};

use super::{
    context,
    node::{self, Node},
    viewer::Viewer,
};
use crate::{error::Failure, request::Caller, service::input};

/// The root of every query.
#[derive(Debug, Default, Clone, Copy)]
pub struct Query;

/// The root of every query.
#[Object]
impl Query {
    /// Whoever asks. Needs any signed-in person; or any API key.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer, Failure> {
        let request = context::request(ctx)?;
        match &request.caller {
            // A key is nobody outside its tenant, so its tenant must be active.
            Caller::Key(_) => drop(request.snapshot().await?),
            _ => drop(request.caller.person()?),
        }
        Ok(Viewer)
    }

    /// What this id leads to in the active tenant; null for every id that leads nowhere. Needs any
    /// role; or any API key; and the right of the kind it leads to.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any id of this API.")] id: ID,
    ) -> Result<Option<Node>, Failure> {
        node::find(context::request(ctx)?, &id).await
    }

    /// As `node`, for up to 100 ids at once, in their order. Needs any role; or any API key; and the
    /// right of the kinds they lead to.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 ids of this API.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Failure> {
        let request = context::request(ctx)?;
        let ids = input::list("ids", ids)?;
        let mut nodes = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let found = node::find(request, id).await;
            nodes.push(found.unwrap_or_else(|failure| {
                ctx.add_error(at_index(ctx, index, failure));
                None
            }));
        }
        Ok(nodes)
    }
}

/// One item's failure, at its place: the others are answered all the same.
fn at_index(ctx: &Context<'_>, index: usize, failure: Failure) -> ServerError {
    let error = async_graphql::Error::from(failure).into_server_error(ctx.item.pos);
    let mut error = ctx.set_error_path(error);
    error.path.push(PathSegment::Index(index));
    error
}
