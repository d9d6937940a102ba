//! What an auditor asks of a log as a whole: its exports, how often what was done, a sample.

use async_graphql::{Context, Enum, Object, SimpleObject};
use policy::Action;
use store::{
    audit_entry::{CountBy, Counted, Draw},
    page::PageRequest,
};

use crate::{
    error::{Code, Error, Failure},
    graphql::{
        audit_entry::{AuditEntry, AuditFilter},
        audit_export::{self, AuditExportConnection},
        context,
        scalar::BigInt,
        word::AuditOutcome,
    },
    service::input,
};

/// What entries are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AuditCountBy {
    /// By what was done.
    Action,
    /// By how it ended.
    Outcome,
    /// By the month in which it happened, in UTC.
    Month,
}

/// How many entries are alike.
#[derive(Debug, Clone, SimpleObject)]
pub struct AuditCount {
    /// What was done, such as `file.trash`; null unless counted by it.
    pub action: Option<String>,
    /// How it ended; null unless counted by it.
    pub outcome: Option<AuditOutcome>,
    /// The month, such as `2026-11`; null unless counted by it.
    pub month: Option<String>,
    /// How many.
    pub count: BigInt,
}

impl From<Counted> for AuditCount {
    fn from(row: Counted) -> Self {
        let outcome = row
            .outcome
            .as_deref()
            .and_then(audit::entry::Outcome::parse);
        Self {
            action: row.action,
            outcome: outcome.map(Into::into),
            month: row.month,
            count: row.count.into(),
        }
    }
}

/// Entries that nobody chose: they follow from the seed and the size of the log, see docs/audit-format.md.
#[derive(Debug, Clone, SimpleObject)]
pub struct AuditSample {
    /// What it follows from.
    pub seed: String,
    /// From the first so many entries of the log.
    pub tree_size: BigInt,
    /// The numbers of the entries, in the order in which they were drawn.
    pub seqs: Vec<BigInt>,
    /// The entries in that order, without those that were pruned.
    pub nodes: Vec<AuditEntry>,
}

/// What can be asked of a log as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Survey;

/// What can be asked of a log as a whole.
#[Object]
impl Survey {
    /// Its exports, newest first. Needs role owner, admin or auditor; or scope audit:read.
    async fn exports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> Result<AuditExportConnection, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditExport)?;
        let page = PageRequest::new(first.into(), after)?;
        Ok(audit_export::list(&view, &page).await?)
    }

    /// How many entries are alike in all that they are counted by; the thousand largest groups, the largest
    /// first. Needs role owner, admin or auditor; or scope audit:read.
    async fn counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What they are counted by.")] by: Vec<AuditCountBy>,
        #[graphql(desc = "Only entries for which all of this holds.")] filter: Option<AuditFilter>,
    ) -> Result<Vec<AuditCount>, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        let by = input::list("by", by)?;
        if by.is_empty() {
            let message = "by must name what entries are counted by";
            return Err(Error::with_message(Code::Invalid, message).on("by").into());
        }
        let by = CountBy {
            action: by.contains(&AuditCountBy::Action),
            outcome: by.contains(&AuditCountBy::Outcome),
            month: by.contains(&AuditCountBy::Month),
        };
        let filter = filter.unwrap_or_default().checked()?;
        let counted = view.count_audit_entries(&filter, by).await?;
        Ok(counted.into_iter().map(Into::into).collect())
    }

    /// Entries that nobody chose: the same seed and size of the log give the same ones, and anybody can draw them
    /// again. Needs role owner, admin or auditor; or scope audit:read.
    async fn sample(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it follows from, 1 to 100 bytes; best one that only you knew.")]
        seed: String,
        #[graphql(desc = "How many entries, 1 to 100.")] size: i32,
        #[graphql(
            desc = "From the first so many entries of the log; from all if nothing is said."
        )]
        tree_size: Option<BigInt>,
    ) -> Result<AuditSample, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        let draw = Draw {
            seed,
            count: size.into(),
            tree_size: tree_size.map(|size| size.0),
        };
        let drawn = view.sample_audit_entries(&draw).await?;
        Ok(AuditSample {
            seed: draw.seed,
            tree_size: drawn.tree_size.into(),
            seqs: drawn.seqs.into_iter().map(Into::into).collect(),
            nodes: drawn.entries.into_iter().map(AuditEntry::new).collect(),
        })
    }
}
