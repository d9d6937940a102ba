//! Runs of verification.

use std::str::FromStr;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::{VerificationId, verification};
use policy::Action;
use store::{Snapshot, verification::Question};

use super::{
    context,
    payload::payload,
    scalar::{BigInt, DateTime},
    word::Damage,
};
use crate::{
    error::{Error, Failure},
    service::audit,
};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum VerificationState {
    /// It reads the log.
    Running,
    /// It has a verdict.
    Done,
    /// The process that did it ended before it.
    Failed,
}

/// What a run concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Verdict {
    /// Nothing contradicts anything.
    Intact,
    /// Nothing contradicts anything, and what is missing was removed by a recorded rule.
    IntactWithDocumentedGaps,
    /// Something was changed, added or removed.
    Broken,
    /// The log could not be read to its end, so nothing is said.
    Inconclusive,
}

/// What an intact verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Assurance {
    /// The chain alone, which whoever owns the database could have recomputed.
    #[graphql(name = "A0")]
    A0,
    /// A signed checkpoint.
    #[graphql(name = "A1")]
    A1,
    /// A checkpoint that was kept by whoever verifies.
    #[graphql(name = "A2")]
    A2,
    /// The newest checkpoint kept outside the service.
    #[graphql(name = "A3")]
    A3,
}

/// The word of a row, or an error of ours: rows hold only words that this service wrote.
fn word<W: Copy>(words: &[(&str, W)], text: &str) -> Result<W, Error> {
    let found = words.iter().find(|(word, _)| *word == text);
    found
        .map(|(_, word)| *word)
        .ok_or_else(|| Error::internal(format!("a verification with the word {text:?}")))
}

impl FromStr for VerificationState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let words = [
            ("RUNNING", Self::Running),
            ("DONE", Self::Done),
            ("FAILED", Self::Failed),
        ];
        word(&words, text)
    }
}

impl FromStr for Verdict {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let words = [
            ("INTACT", Self::Intact),
            (
                "INTACT_WITH_DOCUMENTED_GAPS",
                Self::IntactWithDocumentedGaps,
            ),
            ("BROKEN", Self::Broken),
            ("INCONCLUSIVE", Self::Inconclusive),
        ];
        word(&words, text)
    }
}

impl FromStr for Assurance {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let words = [
            ("A0", Self::A0),
            ("A1", Self::A1),
            ("A2", Self::A2),
            ("A3", Self::A3),
        ];
        word(&words, text)
    }
}

/// A head of a log, and its time.
#[derive(Debug, Clone, SimpleObject)]
pub struct AuditPoint {
    /// How many entries.
    size: BigInt,
    /// When: the time of its cosignature, else when its last entry was sequenced.
    at: Option<DateTime>,
}

impl AuditPoint {
    fn of(size: Option<i64>, at: Option<chrono::DateTime<chrono::Utc>>) -> Option<Self> {
        size.map(|size| Self {
            size: size.into(),
            at: at.map(Into::into),
        })
    }
}

/// Between which signed checkpoints the damage was done.
#[derive(Debug, Clone, SimpleObject)]
pub struct AuditWindow {
    /// The last that the entries bear out; null when none does.
    last_good: Option<AuditPoint>,
    /// The first that they do not; null when the damage came after the last one, or beside the entries.
    first_bad: Option<AuditPoint>,
}

/// One run over the tenant's log, and what it found.
#[derive(Debug, Clone)]
pub struct AuditVerification {
    run: verification::Model,
}

impl AuditVerification {
    pub(crate) fn new(run: verification::Model) -> Self {
        Self { run }
    }
}

/// One run over the tenant's log, and what it found.
#[Object]
impl AuditVerification {
    /// `ver_…`; give it to `node` until the state is `DONE`.
    pub(crate) async fn id(&self) -> ID {
        ID(self.run.id.to_string())
    }

    /// How far it is.
    async fn state(&self) -> Result<VerificationState, Failure> {
        Ok(self.run.state.parse()?)
    }

    /// What it concludes; null while it runs.
    async fn verdict(&self) -> Result<Option<Verdict>, Failure> {
        Ok(self.run.verdict.as_deref().map(str::parse).transpose()?)
    }

    /// What the verdict rests on; null while it runs.
    async fn assurance(&self) -> Result<Option<Assurance>, Failure> {
        Ok(self.run.assurance.as_deref().map(str::parse).transpose()?)
    }

    /// Whether every entry of every epoch is read; else those since the last run that found the log intact.
    async fn full(&self) -> bool {
        self.run.full
    }

    /// How many entries have been read so far; written about once a second.
    async fn entries_read(&self) -> BigInt {
        self.run.entries_read.into()
    }

    /// How many entries before those were taken from an earlier run.
    async fn begin_size(&self) -> BigInt {
        self.run.begin_size.into()
    }

    /// The epoch that sizes and numbers are of.
    async fn epoch(&self) -> i32 {
        self.run.epoch
    }

    /// How many entries the log had.
    async fn size(&self) -> BigInt {
        self.run.size.into()
    }

    /// Entries of which a prune took bytes or personal values, as entries of the log say.
    async fn pruned(&self) -> BigInt {
        self.run.pruned.into()
    }

    /// Entries of which redactions took personal values, as entries of the log say.
    async fn redacted(&self) -> BigInt {
        self.run.redacted.into()
    }

    /// The signed checkpoint of the log as it was verified: keep it, it is a receipt that a later log must bear out.
    async fn checkpoint(&self) -> Option<&str> {
        self.run.checkpoint.as_deref()
    }

    /// The receipt that was given, when the log bears it out.
    async fn receipt(&self) -> Option<AuditPoint> {
        AuditPoint::of(self.run.receipt_size, self.run.receipt_at)
    }

    /// The newest head that is kept outside the service, when the log bears it out.
    async fn anchor(&self) -> Option<AuditPoint> {
        AuditPoint::of(self.run.anchor_size, self.run.anchor_at)
    }

    /// When the damage was done, as far as signed checkpoints tell; null unless the log is broken.
    async fn window(&self) -> Option<AuditWindow> {
        let run = &self.run;
        run.damage.is_some().then(|| AuditWindow {
            last_good: AuditPoint::of(run.last_good_size, run.last_good_at),
            first_bad: AuditPoint::of(run.first_bad_size, run.first_bad_at),
        })
    }

    /// How many entries, columns and checkpoints gave evidence of damage.
    async fn affected_count(&self) -> BigInt {
        self.run.affected_count.into()
    }

    /// The lowest number with damage.
    async fn first_bad_seq(&self) -> Option<BigInt> {
        self.run.first_bad_seq.map(Into::into)
    }

    /// What happened there.
    async fn damage(&self) -> Result<Option<Damage>, Failure> {
        let Some(text) = &self.run.damage else {
            return Ok(None);
        };
        let damage = ::audit::chain::Damage::parse(text)
            .ok_or_else(|| Error::internal(format!("a verification with the damage {text:?}")))?;
        Ok(Some(damage.into()))
    }

    /// The verdict in a sentence, unless the log is intact.
    async fn reason(&self) -> Option<&str> {
        self.run.reason.as_deref()
    }

    /// The hash on record for that entry, lower-case hex, where a hash is the evidence.
    async fn recorded_hash(&self) -> Option<&str> {
        self.run.recorded_hash.as_deref()
    }

    /// The hash of the bytes that were found.
    async fn recomputed_hash(&self) -> Option<&str> {
        self.run.recomputed_hash.as_deref()
    }

    /// When it began.
    async fn started_at(&self) -> DateTime {
        self.run.started_at.into()
    }

    /// When it ended; null while it runs.
    async fn finished_at(&self) -> Option<DateTime> {
        self.run.finished_at.map(Into::into)
    }
}

payload! {
    /// The run that was begun, or was going on.
    AuditVerifyPayload, AuditVerifyUserError, AuditVerifyErrorCode {
        /// The run; `RUNNING` when it takes longer than eight seconds.
        verification: AuditVerification,
    } refuses { InvalidState, Invalid }
}

/// What to verify.
#[derive(Debug, InputObject)]
pub struct AuditVerifyInput {
    /// Whether every entry is to be read again; else those since the last run that found the log intact.
    #[graphql(default)]
    full: bool,
    /// A checkpoint of this log that you kept: the log must still bear it out.
    receipt: Option<String>,
}

/// The audit log.
#[derive(Debug, Default, Clone, Copy)]
pub struct AuditMutation;

/// The audit log.
#[Object]
impl AuditMutation {
    /// Verifies the tenant's log and waits up to eight seconds; the run itself goes on and is an
    /// entry of the log too. Needs role owner, admin or auditor; or scope audit:verify.
    async fn audit_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to verify.")] input: AuditVerifyInput,
    ) -> Result<AuditVerifyPayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let question = Question {
            full: input.full,
            receipt: input.receipt.as_deref(),
        };
        let verified = audit::verify(&request.app, actor, question, audit::GRAPHQL_PATIENCE).await;
        AuditVerifyPayload::of(verified.map(|verified| {
            AuditVerifyPayload::done(AuditVerification::new(verified.run), verified.event)
        }))
    }
}

/// One run over the active tenant's log.
pub(super) async fn find(
    snapshot: &Snapshot,
    id: VerificationId,
) -> Result<Option<AuditVerification>, Failure> {
    let view = snapshot.view(Action::AuditVerify)?;
    Ok(view
        .find_verification(id)
        .await?
        .map(AuditVerification::new))
}
