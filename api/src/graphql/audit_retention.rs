//! Holding, redacting and pruning a log.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use store::retention::{NewHold, PruneRequest};

use super::{audit_register::AuditPruneKind, context, payload::payload, scalar::BigInt};
use crate::{
    error::Failure,
    service::retention::{self, RedactionWish},
};

/// What an entry of the log has announced.
#[derive(Debug, Clone, SimpleObject)]
pub struct AuditAnnouncement {
    /// The entry's number.
    pub seq: BigInt,
}

impl AuditAnnouncement {
    fn new(seq: u64) -> Self {
        // A log has fewer entries than a column can count.
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        Self { seq: BigInt(seq) }
    }
}

payload! {
    /// The hold that was set.
    AuditHoldSetPayload, AuditHoldSetUserError, AuditHoldSetErrorCode {
        /// `hld_…`
        hold_id: ID,
    } refuses { Invalid, InvalidState }
}

payload! {
    /// The hold that was lifted.
    AuditHoldClearPayload, AuditHoldClearUserError, AuditHoldClearErrorCode {
        /// `hld_…`
        hold_id: ID,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The redaction that was announced.
    AuditRedactPayload, AuditRedactUserError, AuditRedactErrorCode {
        /// Its entry; null when all of it had been redacted before.
        redaction: AuditAnnouncement,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The prune that was announced.
    AuditPrunePayload, AuditPruneUserError, AuditPruneErrorCode {
        /// Its entry.
        prune: AuditAnnouncement,
    } refuses { Invalid, InvalidState, Expired }
}

/// A run of entries.
#[derive(Debug, InputObject)]
pub struct AuditRangeInput {
    /// The first.
    first: BigInt,
    /// The first behind it that does not belong to it.
    until: BigInt,
}

/// What to hold.
#[derive(Debug, InputObject)]
pub struct AuditHoldSetInput {
    /// The entries; left out, the whole log and what is yet to come.
    range: Option<AuditRangeInput>,
    /// By which right: at most 100 letters, digits, spaces or `._:/#()-`. It stays for good, so it names nobody.
    basis: String,
    /// The matter, in the same form.
    reference: String,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// Which hold to lift.
#[derive(Debug, InputObject)]
pub struct AuditHoldClearInput {
    /// `hld_…`
    hold_id: ID,
    /// The matter by which it is lifted: at most 100 letters, digits, spaces or `._:/#()-`.
    reference: String,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// Fields of one entry.
#[derive(Debug, InputObject)]
pub struct AuditRedactEntryInput {
    /// The entry's number.
    seq: BigInt,
    /// The names of the fields, as they stand in the entry's `sd`.
    fields: Vec<String>,
}

/// What to redact.
#[derive(Debug, InputObject)]
pub struct AuditRedactInput {
    /// The epoch of the entries; needed once a recovery has begun another than the first.
    epoch: Option<i32>,
    /// Up to 100 entries, and 300 fields in all.
    entries: Vec<AuditRedactEntryInput>,
    /// By which right: at most 100 letters, digits, spaces or `._:/#()-`. It stays for good, so it names nobody.
    basis: String,
    /// The request that it answers, in the same form.
    request: String,
    /// The owner who agreed to it, `mem_…`.
    approver_id: ID,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// What to prune.
#[derive(Debug, InputObject)]
pub struct AuditPruneInput {
    /// What goes.
    kind: AuditPruneKind,
    /// As for the plan.
    days: Option<u32>,
    /// The hash of `auditChain.prunePlan` with the same arguments, of the same day.
    plan_hash: String,
}

/// Holding, redacting and pruning the log.
#[derive(Debug, Default, Clone, Copy)]
pub struct RetentionMutation;

/// Holding, redacting and pruning the log.
#[Object]
impl RetentionMutation {
    /// Sets a legal hold: nothing that it covers is redacted or pruned while it is in force, not even what was
    /// announced before. Needs role owner, admin or auditor, signed in as a person; API keys cannot.
    async fn audit_hold_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to hold.")] input: AuditHoldSetInput,
    ) -> Result<AuditHoldSetPayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let range = input
            .range
            .map(|range| retention::range(range.first.0, range.until.0));
        let placed = match range.transpose() {
            Ok(range) => {
                let new = NewHold {
                    range,
                    basis: input.basis,
                    reference: input.reference,
                    reason: input.reason,
                };
                retention::set_hold(&request.app, actor, new).await
            }
            Err(error) => Err(error),
        };
        AuditHoldSetPayload::of(
            placed.map(|(id, event)| AuditHoldSetPayload::done(ID(id.to_string()), event)),
        )
    }

    /// Lifts a legal hold. Needs role owner, signed in as a person; API keys cannot.
    async fn audit_hold_clear(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which hold to lift.")] input: AuditHoldClearInput,
    ) -> Result<AuditHoldClearPayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let (id, reference) = (&input.hold_id, &input.reference);
        let lifted = retention::clear_hold(&request.app, actor, id, reference, input.reason).await;
        AuditHoldClearPayload::of(
            lifted.map(|(id, event)| AuditHoldClearPayload::done(ID(id.to_string()), event)),
        )
    }

    /// Redacts personal values of entries: the entry that says so is signed first, then the values go; the redacted
    /// entries stay. What is held is refused. Needs role owner, signed in as a person; API keys cannot.
    async fn audit_redact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to redact.")] input: AuditRedactInput,
    ) -> Result<AuditRedactPayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let entries = input.entries.into_iter();
        let wish = RedactionWish {
            epoch: input.epoch,
            entries: entries.map(|entry| (entry.seq.0, entry.fields)).collect(),
            basis: input.basis,
            request: input.request,
            approver: input.approver_id.to_string(),
            reason: input.reason,
        };
        let redacted = retention::redact(&request.app, actor, wish).await;
        AuditRedactPayload::of(redacted.map(|begun| match begun {
            Some((seq, event)) => AuditRedactPayload::done(AuditAnnouncement::new(seq), event),
            None => AuditRedactPayload {
                redaction: None,
                user_errors: Vec::new(),
                audit_event: None,
            },
        }))
    }

    /// Agrees to a plan of what is older than the log is kept: the entry that says so is signed first, then it goes.
    /// Needs role owner, signed in as a person; API keys cannot.
    async fn audit_prune(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The plan.")] input: AuditPruneInput,
    ) -> Result<AuditPrunePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let of = PruneRequest {
            kind: input.kind.into(),
            days: input.days,
        };
        let pruned = retention::prune(&request.app, actor, of, &input.plan_hash).await;
        AuditPrunePayload::of(
            pruned.map(|(seq, event)| AuditPrunePayload::done(AuditAnnouncement::new(seq), event)),
        )
    }
}
