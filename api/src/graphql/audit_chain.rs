//! Where a log ends.

use async_graphql::{Context, Object};
use policy::Action;
use store::{audit_entry::ChainInfo, page::PageRequest, retention::PruneRequest};

use super::{
    audit_register::{
        self, AuditHoldConnection, AuditPruneConnection, AuditPruneKind, AuditPrunePlan,
        AuditRedactionConnection,
    },
    context,
    scalar::BigInt,
};
use crate::error::Failure;

/// Where a log ends.
#[derive(Debug, Clone)]
pub struct AuditChain {
    chain: ChainInfo,
}

impl AuditChain {
    pub(crate) fn new(chain: ChainInfo) -> Self {
        Self { chain }
    }
}

/// Where a log ends.
#[Object]
impl AuditChain {
    /// How many entries it has.
    async fn size(&self) -> BigInt {
        self.chain.size.into()
    }

    /// The hash of the last entry, lower-case hex.
    async fn head_hash(&self) -> &str {
        &self.chain.head_hash
    }

    /// The newest signed checkpoint (C2SP tlog-checkpoint): keep it, it is a receipt that a later log must be
    /// consistent with. Null in a log that is older than checkpoints, until its next entry.
    async fn checkpoint(&self) -> Option<&str> {
        Some(self.chain.checkpoint.as_str()).filter(|note| !note.is_empty())
    }

    /// The log's name and Ed25519 key, as signed notes write it.
    async fn public_key(&self) -> &str {
        &self.chain.public_key
    }

    /// The key that adds times to checkpoints (C2SP tlog-cosignature), as signed notes write it; null before
    /// the first time.
    async fn cosigner_key(&self) -> Option<&str> {
        self.chain.cosigner_key.as_deref()
    }

    /// How many events are committed and not yet in the log.
    async fn pending(&self) -> i32 {
        i32::try_from(self.chain.pending).unwrap_or(i32::MAX)
    }

    /// The epoch; a recovery from a backup begins a new one.
    async fn epoch(&self) -> i32 {
        self.chain.epoch
    }

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
