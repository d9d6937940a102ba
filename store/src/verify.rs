//! Verification of a log where it lies: the stored bytes are read, hashed and compared, row by row.
//!
//! Covered is every column of `audit_head`, `audit_entry`, `audit_target`, `audit_disclosure` and
//! `audit_key`: the entries against their hashes and each other, the projections against the bytes,
//! the head against the last entry, the key against the genesis and against the master key. A row of
//! these tables that no entry accounts for is damage too.
//!
//! Not covered, because it is not evidence yet or never became it:
//! - `audit_outbox` holds what is committed and not yet in the log. Whoever can write that table can
//!   replace a waiting draft by another valid one, and nothing tells the two apart; the wait is short
//!   for this reason. A draft that is not valid any more, names another tenant or event, or has lost
//!   its disclosures becomes an entry `audit.draft_rejected`.
//! - `audit_quarantine` holds the drafts that were rejected so. The entry proves that there was one,
//!   not what it was.
//!
//! Limits: the verdict is about the chain alone ([`Assurance::A0`]). Somebody who can write all
//! these tables can also recompute all of them; see the `audit` crate.

mod cells;
mod page;
mod register;
mod walk;

use audit::chain::{Finding, Report};
use entity::TenantId;

use crate::{Store, StoreError, bootstrap::DeploymentError};

/// What a verification concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing contradicts anything.
    Intact,
    /// Something was changed, added or removed.
    Broken,
    /// It could not be read to the end, so nothing is said.
    Inconclusive,
}

impl Verdict {
    /// The word in rows, events and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "INTACT",
            Self::Broken => "BROKEN",
            Self::Inconclusive => "INCONCLUSIVE",
        }
    }
}

/// What an intact verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assurance {
    /// The chain alone, which whoever owns the database could have recomputed.
    A0,
}

impl Assurance {
    /// The word in rows, events and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A0 => "A0",
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The conclusion.
    pub verdict: Verdict,
    /// What it rests on.
    pub assurance: Assurance,
    /// How many entries the log has, as far as it was read.
    pub size: u64,
    /// The damage with the lowest number; always there when the log is broken.
    pub first_bad: Option<Finding>,
    /// How many rows and columns gave evidence of damage; one damage may show in several.
    pub findings: u64,
    /// Why nothing could be concluded; a sentence without private detail.
    pub obstacle: Option<String>,
}

impl Verification {
    /// The sentence that explains a verdict other than intact.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.first_bad
            .as_ref()
            .map(|finding| finding.reason.as_str())
            .or(self.obstacle.as_deref())
    }

    fn of(report: Report) -> Self {
        Self {
            verdict: if report.first.is_some() {
                Verdict::Broken
            } else {
                Verdict::Intact
            },
            assurance: Assurance::A0,
            size: report.end.size,
            first_bad: report.first,
            findings: report.findings,
            obstacle: None,
        }
    }

    fn inconclusive(obstacle: String) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            assurance: Assurance::A0,
            size: 0,
            first_bad: None,
            findings: 0,
            obstacle: Some(obstacle),
        }
    }
}

impl Store {
    /// Reads the whole log of `tenant` in one snapshot and says what it found; `progress` is told how
    /// many entries have been read. Memory does not grow with the log.
    ///
    /// What cannot be read (no database, another master key) gives [`Verdict::Inconclusive`].
    ///
    /// # Errors
    /// None that comes from the database; [`StoreError::Internal`] for a fault of this process.
    pub async fn verify_chain(
        &self,
        tenant: TenantId,
        progress: impl Fn(u64),
    ) -> Result<Verification, StoreError> {
        let deployment = match self.deployment().await {
            Ok(deployment) => deployment,
            Err(DeploymentError::Store(error)) => return Ok(obstacle(tenant, &error)),
            Err(error) => return Ok(Verification::inconclusive(error.to_string())),
        };
        match walk::walk(self, &deployment, tenant, progress).await {
            Ok(report) => Ok(Verification::of(report)),
            Err(error) => Ok(obstacle(tenant, &error)),
        }
    }
}

fn obstacle(tenant: TenantId, error: &StoreError) -> Verification {
    tracing::warn!(error = ?error, tenant.id = %tenant, "a log could not be read");
    Verification::inconclusive(format!("the log could not be read: {error}"))
}
