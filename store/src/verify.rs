//! Verification of a log where it lies: the stored bytes are read, hashed and compared, row by row.
//!
//! Covered is every column of `audit_head`, `audit_entry`, `audit_target`, `audit_disclosure`,
//! `audit_checkpoint`, `audit_tile`, `audit_key`, `audit_cosigner` and `audit_hold`: the entries against their hashes
//! and each other, the projections against the bytes, the head against the last entry, the checkpoints
//! against the entries and the keys in force, the keys against the entries that introduced them and
//! against the master key. A row of these tables that no entry accounts for is damage too.
//!
//! Not covered, because it is not evidence, or not yet, or never became it:
//! - what says what is still to do: `audit_removal`, `audit_head.collected_size`, `audit_head.anchored_size`,
//!   `audit_checkpoint.pinned`. What is kept outside is compared where it is kept.
//! - `audit_outbox` holds what is committed and not yet in the log. Whoever can write that table can
//!   replace a waiting draft by another valid one, and nothing tells the two apart; the wait is short
//!   for this reason. A draft that is not valid any more, names another tenant or event, or has lost
//!   its disclosures becomes an entry `audit.draft_rejected`.
//! - `audit_quarantine` holds the drafts that were rejected so. The entry proves that there was one,
//!   not what it was.
//!
//! What entries of the log say was redacted or pruned may be missing, and nothing else: [`Verification::gaps`] counts
//! it.
//!
//! Limits: the verdict rests on the log's key at most ([`Assurance::A1`]). Somebody who can write all these
//! tables can put an old state of all of them back, and somebody who has the master key too can recompute
//! everything; only a checkpoint kept outside shows that.

mod cells;
mod checkpoint;
mod cosigner;
mod gaps;
mod keys;
mod page;
mod register;
mod tree;
mod walk;

use audit::{chain::Finding, retention::GapCount};
use entity::TenantId;

pub use checkpoint::Signed;
use walk::Walked;

use crate::{Store, StoreError, bootstrap::DeploymentError};

/// What a verification concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing contradicts anything.
    Intact,
    /// Nothing contradicts anything, and what is missing was taken as entries of the log say.
    IntactWithDocumentedGaps,
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
            Self::IntactWithDocumentedGaps => "INTACT_WITH_DOCUMENTED_GAPS",
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
    /// The log's key has signed all of it. Whoever has the key, or an old copy of the whole log, could still
    /// deceive.
    A1,
}

impl Assurance {
    /// The word in rows, events and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A0 => "A0",
            Self::A1 => "A1",
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
    /// Entries that lack something as entries of the log say.
    pub gaps: GapCount,
    /// The damage with the lowest number; always there when the log is broken.
    pub first_bad: Option<Finding>,
    /// How many rows and columns gave evidence of damage; one damage may show in several.
    pub findings: u64,
    /// When the damage was done, as far as checkpoints tell.
    pub window: Window,
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

    fn of(walked: Walked) -> Self {
        let Walked {
            report,
            gaps,
            last_good,
            first_bad,
        } = walked;
        let broken = report.first.is_some();
        Self {
            verdict: match broken {
                true => Verdict::Broken,
                false if gaps == GapCount::default() => Verdict::Intact,
                false => Verdict::IntactWithDocumentedGaps,
            },
            gaps,
            // Every entry of an intact log is covered by a signed checkpoint, or it would not be intact.
            assurance: if broken { Assurance::A0 } else { Assurance::A1 },
            size: report.end.size,
            first_bad: report.first,
            findings: report.findings,
            window: Window {
                last_good,
                first_bad,
            },
            obstacle: None,
        }
    }

    fn inconclusive(obstacle: String) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            assurance: Assurance::A0,
            size: 0,
            gaps: GapCount::default(),
            first_bad: None,
            findings: 0,
            window: Window::default(),
            obstacle: Some(obstacle),
        }
    }
}

/// Between which signed checkpoints the damage was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The last checkpoint that the entries bear out.
    pub last_good: Option<Signed>,
    /// The first that they do not; `None` when the damage came after the last one, or beside the entries.
    pub first_bad: Option<Signed>,
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
        let deployment = match self.read_deployment().await {
            Ok(deployment) => deployment,
            Err(DeploymentError::Store(error)) => return Ok(obstacle(tenant, &error)),
            Err(error) => return Ok(Verification::inconclusive(error.to_string())),
        };
        match walk::walk(self, &deployment, tenant, progress).await {
            Ok(walked) => Ok(Verification::of(walked)),
            Err(error) => Ok(obstacle(tenant, &error)),
        }
    }
}

fn obstacle(tenant: TenantId, error: &StoreError) -> Verification {
    tracing::warn!(error = ?error, tenant.id = %tenant, "a log could not be read");
    Verification::inconclusive(format!("the log could not be read: {error}"))
}
