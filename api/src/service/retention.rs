//! Holding, redacting and pruning a log, as clients ask for it.

use std::ops::Range;

use entity::{HoldId, MemberId};
use policy::Action;
use store::{
    Actor, EventRef,
    idempotency::Earlier,
    retention::{NewHold, NewRedaction, PruneRequest, RedactedEntry},
};
use uuid::Uuid;

use super::input;
use crate::{app::App, error::Error};

/// A run of entries, from numbers as clients have them.
///
/// # Errors
/// [`crate::error::Code::Invalid`] on `range` for a number below zero.
pub fn range(first: i64, until: i64) -> Result<Range<u64>, Error> {
    Ok(number("range", first)?..number("range", until)?)
}

/// A hold that was set or lifted, and what was recorded of it.
pub type Held = (HoldId, Option<EventRef>);

/// Sets a hold.
///
/// # Errors
/// [`crate::error::Code::Invalid`] on `range`, `basis`, `reference` or `reason`;
/// [`crate::error::Code::InvalidState`] when the log is not in order.
pub async fn set_hold(app: &App, actor: &Actor, new: NewHold) -> Result<Held, Error> {
    app.store.permit(actor, Action::AuditHoldSet)?;
    if let Some(earlier) = actor.earlier() {
        return Ok((earlier.id()?, Some(earlier.event())));
    }
    let reason = input::reason(new.reason)?;
    let placed = app.store.set_hold(actor, NewHold { reason, ..new }).await?;
    Ok((placed.hold.id, placed.receipt.event()))
}

/// Lifts a hold. An id that is none leads nowhere, like a foreign one.
///
/// # Errors
/// [`crate::error::Code::NotFound`]; [`crate::error::Code::Invalid`] on `reference` or `reason`;
/// [`crate::error::Code::InvalidState`] when it was lifted before, or the log is not in order.
pub async fn clear_hold(
    app: &App,
    actor: &Actor,
    id: &str,
    reference: &str,
    reason: Option<String>,
) -> Result<Held, Error> {
    app.store.permit(actor, Action::AuditHoldClear)?;
    if let Some(earlier) = actor.earlier() {
        return Ok((earlier.id()?, Some(earlier.event())));
    }
    let id = id.parse().unwrap_or(HoldId(Uuid::nil()));
    let reason = input::reason(reason)?;
    let receipt = app.store.clear_hold(actor, id, reference, reason).await?;
    Ok((id, receipt.event()))
}

/// What is to be redacted, as a client says it.
#[derive(Debug)]
pub struct RedactionWish {
    /// The epoch of the entries.
    pub epoch: Option<i32>,
    /// Entries and the names of their fields.
    pub entries: Vec<(i64, Vec<String>)>,
    /// By which right.
    pub basis: String,
    /// The request that it answers.
    pub request: String,
    /// The owner who agreed to it.
    pub approver: String,
    /// Why.
    pub reason: Option<String>,
}

/// Redacts fields of entries. Says which entry announces it; `None` when nothing was left to redact.
///
/// # Errors
/// [`crate::error::Code::NotFound`]; [`crate::error::Code::Invalid`] on `epoch`, `entries`, `basis`, `request`, `approverId` or
/// `reason`; [`crate::error::Code::InvalidState`] when something of it is held, or the log is not in order.
pub async fn redact(
    app: &App,
    actor: &Actor,
    wish: RedactionWish,
) -> Result<Option<(u64, Option<EventRef>)>, Error> {
    app.store.permit(actor, Action::AuditRedact)?;
    if let Some(earlier) = actor.earlier() {
        return Ok(Some(announced(earlier)?));
    }
    let entries = input::list("entries", wish.entries)?.into_iter();
    let entries = entries.map(|(seq, fields)| {
        Ok(RedactedEntry {
            seq: number("entries", seq)?,
            fields: input::list("entries", fields)?,
        })
    });
    let new = NewRedaction {
        epoch: wish.epoch,
        entries: entries.collect::<Result<_, Error>>()?,
        basis: wish.basis,
        request: wish.request,
        approver: wish.approver.parse().unwrap_or(MemberId(Uuid::nil())),
        reason: input::reason(wish.reason)?,
    };
    let begun = app.store.redact(actor, new).await?;
    let event = begun.receipt.and_then(|receipt| receipt.event());
    Ok(begun.seq.map(|seq| (seq, event)))
}

/// Agrees to a plan. Says which entry announces it.
///
/// # Errors
/// [`crate::error::Code::Expired`] for a plan that is not today's; [`crate::error::Code::Invalid`] on `days`;
/// [`crate::error::Code::InvalidState`] when it takes nothing, or the log is not in order.
pub async fn prune(
    app: &App,
    actor: &Actor,
    request: PruneRequest,
    plan_hash: &str,
) -> Result<(u64, Option<EventRef>), Error> {
    app.store.permit(actor, Action::AuditPrune)?;
    if let Some(earlier) = actor.earlier() {
        return announced(earlier);
    }
    let begun = app.store.execute_prune(actor, request, plan_hash).await?;
    let event = begun.receipt.and_then(|receipt| receipt.event());
    Ok((begun.seq, event))
}

/// The entry that announced it the first time: appended with its commit, so it is in the log.
fn announced(earlier: &Earlier) -> Result<(u64, Option<EventRef>), Error> {
    let entry = earlier.entry();
    let entry = entry.ok_or_else(|| Error::internal("an announcement that is not in its log"))?;
    let seq = u64::try_from(entry.seq).map_err(Error::internal)?;
    Ok((seq, Some(earlier.event())))
}

fn number(field: &'static str, number: i64) -> Result<u64, Error> {
    u64::try_from(number)
        .map_err(|_| Error::invalid(field, format!("{field} must not go below zero")))
}
