//! The registers of a log: what was redacted, pruned and held, as its entries state it.

use async_graphql::{Enum, ID, Object, SimpleObject};
use audit::{canon, entry::EntryRef, retention::Permit, value::Value};
use data_encoding::HEXLOWER;
use entity::{MemberId, audit_entry, audit_removal};
use policy::Action;
use store::{
    View,
    page::PageRequest,
    retention::{HoldRow, RemovalRow},
};
use uuid::Uuid;

use super::{
    audit_entry::AuditEntry,
    page::connection,
    scalar::{BigInt, DateTime},
};
use crate::error::{Error, Failure};

/// How far a deletion is that an entry announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AuditRemovalState {
    /// Announced, and not or not wholly done: it waits for the worker, an anchor, or a hold to be lifted.
    Pending,
    /// Nothing of it is left.
    Done,
}

/// What a prune takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "audit::retention::PruneKind")]
pub enum AuditPruneKind {
    /// Personal values: the disclosures of entries.
    Payload,
    /// The bytes of entries; their hashes stay.
    Entries,
}

/// Fields of one entry.
#[derive(Debug, Clone, SimpleObject)]
pub struct AuditRedactedEntry {
    /// The entry's number.
    pub seq: BigInt,
    /// The names of the fields.
    pub fields: Vec<String>,
}

/// The `meta` of an entry; empty where the bytes are no entry any more.
fn meta(row: &audit_entry::Model) -> std::collections::BTreeMap<String, Value> {
    let entry = EntryRef::parse(&row.raw).ok();
    let meta = entry.map(|entry| canon::parse(entry.meta.as_bytes()));
    match meta {
        Some(Ok(Value::Object(members))) => members,
        _ => std::collections::BTreeMap::new(),
    }
}

fn text(row: &audit_entry::Model, key: &str) -> Option<String> {
    match meta(row).remove(key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn integer(row: &audit_entry::Model, key: &str) -> Option<BigInt> {
    match meta(row).remove(key)? {
        Value::Integer(number) => i64::try_from(number).ok().map(Into::into),
        _ => None,
    }
}

fn state(removal: Option<&audit_removal::Model>) -> Option<AuditRemovalState> {
    removal.map(|removal| match removal.done_at {
        Some(_) => AuditRemovalState::Done,
        None => AuditRemovalState::Pending,
    })
}

/// A redaction: personal values of some entries go, the entries stay.
#[derive(Debug)]
pub struct AuditRedaction(RemovalRow);

/// A redaction: personal values of some entries go, the entries stay.
#[Object]
impl AuditRedaction {
    /// The entry that announced it: who, and when.
    async fn entry(&self) -> AuditEntry {
        AuditEntry::new(self.0.entry.clone())
    }

    /// By which right.
    async fn basis(&self) -> Option<String> {
        text(&self.0.entry, "basis")
    }

    /// The request that it answers.
    async fn request(&self) -> Option<String> {
        text(&self.0.entry, "request")
    }

    /// The member who agreed to it, `mem_…`.
    async fn approver_id(&self) -> Option<ID> {
        let Value::Object(approver) = meta(&self.0.entry).remove("approver")? else {
            return None;
        };
        match approver.get("id")? {
            Value::String(id) => Uuid::parse_str(id)
                .ok()
                .map(|id| ID(MemberId(id).to_string())),
            _ => None,
        }
    }

    /// What it takes.
    async fn entries(&self) -> Vec<AuditRedactedEntry> {
        let entry = EntryRef::parse(&self.0.entry.raw).ok();
        let Some(Permit::Redact(entries)) = entry.as_ref().and_then(Permit::of) else {
            return Vec::new();
        };
        let entries = entries.into_iter().map(|(seq, fields)| AuditRedactedEntry {
            seq: BigInt(i64::try_from(seq).unwrap_or(i64::MAX)),
            fields: fields.names().collect(),
        });
        entries.collect()
    }

    /// How far it is; null when what says so is gone.
    async fn state(&self) -> Option<AuditRemovalState> {
        state(self.0.removal.as_ref())
    }

    /// How many values are gone.
    async fn removed(&self) -> Option<BigInt> {
        self.0
            .removal
            .as_ref()
            .map(|removal| removal.removed.into())
    }

    /// When it was done.
    async fn done_at(&self) -> Option<DateTime> {
        let removal = self.0.removal.as_ref()?;
        removal.done_at.map(Into::into)
    }
}

/// A prune: what was older than the log is kept goes.
#[derive(Debug)]
pub struct AuditPrune(RemovalRow);

/// A prune: what was older than the log is kept goes.
#[Object]
impl AuditPrune {
    /// The entry that announced it: who, and when.
    async fn entry(&self) -> AuditEntry {
        AuditEntry::new(self.0.entry.clone())
    }

    /// What it takes.
    async fn kind(&self) -> Option<AuditPruneKind> {
        let kind = text(&self.0.entry, "kind")?;
        audit::retention::PruneKind::parse(&kind).map(Into::into)
    }

    /// Everything that goes was sequenced before this.
    async fn before(&self) -> Option<String> {
        text(&self.0.entry, "before")
    }

    /// The first entry that stays.
    async fn until(&self) -> Option<BigInt> {
        integer(&self.0.entry, "until")
    }

    /// The hash of the plan that was agreed to.
    async fn plan_hash(&self) -> Option<String> {
        text(&self.0.entry, "plan")
    }

    /// How many entries lose something, as planned.
    async fn entries(&self) -> Option<BigInt> {
        integer(&self.0.entry, "entries")
    }

    /// How many disclosures go, as planned.
    async fn disclosures(&self) -> Option<BigInt> {
        integer(&self.0.entry, "disclosures")
    }

    /// How far it is; null when what says so is gone.
    async fn state(&self) -> Option<AuditRemovalState> {
        state(self.0.removal.as_ref())
    }

    /// How many disclosures, or entries, are gone.
    async fn removed(&self) -> Option<BigInt> {
        self.0
            .removal
            .as_ref()
            .map(|removal| removal.removed.into())
    }

    /// When it was done.
    async fn done_at(&self) -> Option<DateTime> {
        let removal = self.0.removal.as_ref()?;
        removal.done_at.map(Into::into)
    }
}

/// A legal hold: nothing that it covers is redacted or pruned while it is in force.
#[derive(Debug)]
pub struct AuditHold(HoldRow);

/// A legal hold: nothing that it covers is redacted or pruned while it is in force.
#[Object]
impl AuditHold {
    /// `hld_…`; null when what says so is gone.
    async fn id(&self) -> Option<ID> {
        let hold = self.0.hold.as_ref()?;
        Some(ID(hold.id.to_string()))
    }

    /// The entry that set it: who, and when.
    async fn entry(&self) -> AuditEntry {
        AuditEntry::new(self.0.entry.clone())
    }

    /// By which right.
    async fn basis(&self) -> Option<String> {
        text(&self.0.entry, "basis")
    }

    /// The matter.
    async fn reference(&self) -> Option<String> {
        text(&self.0.entry, "reference")
    }

    /// The first entry held.
    async fn first(&self) -> Option<BigInt> {
        integer(&self.0.entry, "first")
    }

    /// The first entry behind that is not held; null when what is yet to come is held, too.
    async fn until(&self) -> Option<BigInt> {
        integer(&self.0.entry, "until")
    }

    /// The entry that lifted it; null while it is in force.
    async fn cleared_seq(&self) -> Option<BigInt> {
        let hold = self.0.hold.as_ref()?;
        hold.cleared_seq.map(Into::into)
    }
}

connection!(
    AuditRedactionConnection,
    AuditRedactionEdge,
    AuditRedaction,
    "redactions"
);
connection!(AuditPruneConnection, AuditPruneEdge, AuditPrune, "prunes");
connection!(AuditHoldConnection, AuditHoldEdge, AuditHold, "holds");

/// A page of redactions.
pub(super) async fn redactions(
    view: &View<'_>,
    page: &PageRequest,
) -> Result<AuditRedactionConnection, Error> {
    let page = view.list_redactions(page).await?;
    Ok(AuditRedactionConnection::new(page, |row| {
        let cursor = view.register_cursor(Action::AuditRedact, &row.entry);
        (cursor, AuditRedaction(row))
    }))
}

/// A page of prunes.
pub(super) async fn prunes(
    view: &View<'_>,
    page: &PageRequest,
) -> Result<AuditPruneConnection, Error> {
    let page = view.list_prunes(page).await?;
    Ok(AuditPruneConnection::new(page, |row| {
        let cursor = view.register_cursor(Action::AuditPrune, &row.entry);
        (cursor, AuditPrune(row))
    }))
}

/// A page of holds.
pub(super) async fn holds(
    view: &View<'_>,
    page: &PageRequest,
) -> Result<AuditHoldConnection, Error> {
    let page = view.list_holds(page).await?;
    Ok(AuditHoldConnection::new(page, |row| {
        let cursor = view.register_cursor(Action::AuditHoldSet, &row.entry);
        (cursor, AuditHold(row))
    }))
}

/// What a prune would take.
#[derive(Debug)]
pub struct AuditPrunePlan(pub(super) audit::retention::Plan);

/// What a prune would take.
#[Object]
impl AuditPrunePlan {
    /// What goes.
    async fn kind(&self) -> AuditPruneKind {
        self.0.kind.into()
    }

    /// How old it is at least, in days.
    async fn days(&self) -> u32 {
        self.0.days
    }

    /// Everything that goes was sequenced before this.
    async fn before(&self) -> String {
        self.0.before.to_string()
    }

    /// The first entry whose bytes are there now.
    async fn first(&self) -> Result<BigInt, Failure> {
        number(self.0.first)
    }

    /// The first entry that stays.
    async fn until(&self) -> Result<BigInt, Failure> {
        number(self.0.reach.until)
    }

    /// How many entries before that are held, and stay.
    async fn held(&self) -> i32 {
        i32::try_from(self.0.reach.held.len()).unwrap_or(i32::MAX)
    }

    /// How many entries lose something; nothing is to be pruned when it is 0.
    async fn entries(&self) -> Result<BigInt, Failure> {
        number(self.0.entries)
    }

    /// How many disclosures go.
    async fn disclosures(&self) -> Result<BigInt, Failure> {
        number(self.0.disclosures)
    }

    /// For `auditPrune`: agrees to exactly this, on the same day (UTC).
    async fn hash(&self) -> String {
        HEXLOWER.encode(&self.0.hash().0)
    }
}

fn number(n: u64) -> Result<BigInt, Failure> {
    let number = i64::try_from(n).map_err(Error::internal)?;
    Ok(BigInt(number))
}
