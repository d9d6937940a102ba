//! What a log says of what was taken out of it, and of what may not be.

use async_graphql::{Context, Object};
use policy::Action;
use store::{page::PageRequest, retention::PruneRequest};

use crate::{
    error::Failure,
    graphql::{
        audit_register::{
            self, AuditHoldConnection, AuditPruneConnection, AuditPruneKind, AuditPrunePlan,
            AuditRedactionConnection,
        },
        context,
    },
};

/// The registers of a log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Registers;

/// The registers of a log.
#[Object]
impl Registers {
    /// What was redacted, newest first. Needs role owner, admin or auditor; or scope audit:read.
    async fn redactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> Result<AuditRedactionConnection, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        let page = PageRequest::new(first.into(), after)?;
        Ok(audit_register::redactions(&view, &page).await?)
    }

    /// What was pruned, newest first. Needs role owner, admin or auditor; or scope audit:read.
    async fn prunes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> Result<AuditPruneConnection, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        let page = PageRequest::new(first.into(), after)?;
        Ok(audit_register::prunes(&view, &page).await?)
    }

    /// Legal holds, newest first, lifted ones included. Needs role owner, admin or auditor; or scope audit:read.
    async fn holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> Result<AuditHoldConnection, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        let page = PageRequest::new(first.into(), after)?;
        Ok(audit_register::holds(&view, &page).await?)
    }

    /// What a prune would take today; nothing is changed. Needs role owner, signed in as a person; API keys cannot.
    async fn prune_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to go.")] kind: AuditPruneKind,
        #[graphql(
            desc = "How old it is at least; the days of the log's own policy are the least, and the default."
        )]
        days: Option<u32>,
    ) -> Result<AuditPrunePlan, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditPrune)?;
        let kind = kind.into();
        Ok(AuditPrunePlan(
            view.plan_prune(PruneRequest { kind, days }).await?,
        ))
    }
}
