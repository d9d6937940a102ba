//! Verification of a log where it lies: the stored bytes are read, hashed and compared, row by row.
//!
//! Covered is every column of `audit_head`, `audit_entry`, `audit_target`, `audit_disclosure`,
//! `audit_checkpoint`, `audit_tile`, `audit_key`, `audit_cosigner` and `audit_hold`: the entries against their hashes
//! and each other, the projections against the bytes, the head against the last entry, the checkpoints
//! against the entries and the keys in force, the keys against the entries that introduced them and
//! against the master key. A row of these tables that no entry accounts for is damage too.
//!
//! Not covered, because it is not evidence, or not yet, or never became it:
//! - what says what is still to do: `audit_removal`, `audit_export`, `audit_head.collected_size`, `audit_head.anchored_size`,
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
//! A run may begin behind a checkpoint that an earlier run found intact ([`Inspection::since`]); then the rows
//! before it are taken on the signed root over their hashes, and a change of their bytes shows in the next full run.
//!
//! Limits: without [`Kept`] heads the verdict rests on the log's key at most ([`Assurance::A1`]). Somebody who can
//! write all these tables can put an old state of all of them back, and somebody who has the master key too can
//! recompute everything; only a checkpoint kept elsewhere shows that.

mod cells;
mod checkpoint;
mod cosigner;
mod epoch;
mod gaps;
mod inspect;
mod kept;
mod keys;
mod packed;
mod page;
pub(crate) mod receipt;
mod register;
mod start;
mod tree;
mod walk;

use audit::{chain::Finding, genesis::Previous, retention::GapCount};
use entity::TenantId;

pub use checkpoint::Signed;
pub use kept::{Borne, Keeper, Kept};
use walk::Walked;

use crate::{Store, StoreError, bootstrap::DeploymentError};

/// What a verification concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing contradicts anything.
    Intact,
    /// The same, except for what the log itself says is gone.
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
    /// And it begins with the log that the receipt has the root of.
    A2,
    /// And it begins with the log that the newest head known outside has the root of.
    A3,
}

impl Assurance {
    /// The word in rows, events and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A0 => "A0",
            Self::A1 => "A1",
            Self::A2 => "A2",
            Self::A3 => "A3",
        }
    }
}

/// What a verification is asked to do.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// Where an earlier run ended that found the log intact: what is before is not read again. `None`, or one that
    /// the log did not sign or does not bear out, reads every entry of every epoch.
    pub since: Option<Since>,
    /// Heads that the log must bear out.
    pub kept: Vec<Kept>,
}

/// Where an earlier run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// In which epoch.
    pub epoch: i32,
    /// The signed note.
    pub note: String,
    /// What it found missing as entries say.
    pub gaps: GapCount,
    /// Whether its verdict named gaps, one between epochs included.
    pub documented: bool,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The conclusion.
    pub verdict: Verdict,
    /// What it rests on.
    pub assurance: Assurance,
    /// The epoch that `size` and the numbers are of: that of the damage, else the newest.
    pub epoch: i32,
    /// How many entries the epoch has, as far as it was read.
    pub size: u64,
    /// Entries that lack something as entries of the log say, of all epochs that were read.
    pub gaps: GapCount,
    /// How many of them were taken from an earlier run.
    pub begin: u64,
    /// What the genesis of that epoch says of the one before.
    pub previous: Option<Previous>,
    /// The signed note of the log as it was verified.
    pub checkpoint: Option<String>,
    /// The damage with the lowest number; always there when the log is broken.
    pub first_bad: Option<Finding>,
    /// How many rows and columns gave evidence of damage; one damage may show in several.
    pub findings: u64,
    /// When the damage was done, as far as checkpoints tell.
    pub window: Window,
    /// The receipt, if one was given and is borne out.
    pub receipt: Option<Borne>,
    /// The newest head kept outside, if one was given and is borne out.
    pub anchor: Option<Borne>,
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

    /// Of the epochs that were read, ascending: of several that are damaged the first counts. `since` is the run
    /// that they began behind.
    fn of(mut walks: Vec<Walked>, since: Option<&Since>) -> Option<Self> {
        let findings = walks.iter().map(|walk| walk.report.findings).sum();
        let borne = |keeper| {
            let borne = walks.iter().map(|walk| walk.witnesses.borne_by(keeper));
            borne.flatten().last()
        };
        let (receipt, anchor) = (borne(Keeper::Receipt), borne(Keeper::Anchor));
        let lacks = |walk: &Walked| walk.previous.as_ref().is_some_and(|p| p.known.is_some());
        let mut gaps = GapCount::default();
        for walk in &walks {
            gaps.pruned += walk.gaps.pruned;
            gaps.redacted += walk.gaps.redacted;
        }
        if let Some(since) = since {
            // What was pruned whole is counted by both.
            gaps.pruned = gaps.pruned.max(since.gaps.pruned);
            gaps.redacted += since.gaps.redacted;
        }
        let documented = since.is_some_and(|since| since.documented);
        let has_gaps = documented || gaps != GapCount::default() || walks.iter().any(lacks);
        let damaged = walks.iter().position(|walk| walk.report.first.is_some());
        let told = walks.len().checked_sub(1)?;
        let told = walks.swap_remove(damaged.unwrap_or(told));
        let verdict = match damaged {
            Some(_) => Verdict::Broken,
            None if has_gaps => Verdict::IntactWithDocumentedGaps,
            None => Verdict::Intact,
        };
        Some(Self {
            verdict,
            // Every entry of an intact log is covered by a signed checkpoint, or it would not be intact.
            assurance: match (damaged, anchor, receipt) {
                (Some(_), ..) => Assurance::A0,
                (None, Some(_), _) => Assurance::A3,
                (None, None, Some(_)) => Assurance::A2,
                (None, None, None) => Assurance::A1,
            },
            gaps,
            epoch: told.epoch,
            size: told.report.end.size,
            begin: told.begin,
            previous: told.previous,
            checkpoint: told.checkpoint,
            first_bad: told.report.first,
            findings,
            window: Window {
                last_good: told.last_good,
                first_bad: told.first_bad,
            },
            receipt,
            anchor,
            obstacle: None,
        })
    }

    fn inconclusive(obstacle: String) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            assurance: Assurance::A0,
            epoch: 0,
            size: 0,
            gaps: GapCount::default(),
            begin: 0,
            previous: None,
            checkpoint: None,
            first_bad: None,
            findings: 0,
            window: Window::default(),
            receipt: None,
            anchor: None,
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
    /// Reads the whole log of `tenant`, all of its epochs, in one snapshot and says what it found; `progress` is told
    /// how many entries have been read. Memory does not grow with the log.
    ///
    /// What cannot be read (no database, another master key) gives [`Verdict::Inconclusive`].
    ///
    /// # Errors
    /// None that comes from the database; [`StoreError::Internal`] for a fault of this process.
    pub async fn verify_chain(
        &self,
        tenant: TenantId,
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<Verification, StoreError> {
        let all = Inspection::default();
        self.verify_log(tenant, &all, progress).await
    }

    /// As [`Self::verify_chain`], as far as `inspection` asks for.
    ///
    /// # Errors
    /// As [`Self::verify_chain`].
    pub async fn verify_log(
        &self,
        tenant: TenantId,
        inspection: &Inspection,
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<Verification, StoreError> {
        let _turn = self.verifying().acquire().await;
        let deployment = match self.read_deployment().await {
            Ok(deployment) => deployment,
            Err(DeploymentError::Store(error)) => return Ok(obstacle(tenant, &error)),
            Err(error) => return Ok(Verification::inconclusive(error.to_string())),
        };
        match inspect::inspect(self, &deployment, tenant, inspection, &progress).await {
            Ok(found) => Ok(found),
            Err(error) => Ok(obstacle(tenant, &error)),
        }
    }
}

fn obstacle(tenant: TenantId, error: &StoreError) -> Verification {
    tracing::warn!(error = ?error, tenant.id = %tenant, "a log could not be read");
    Verification::inconclusive(format!("the log could not be read: {error}"))
}
