//! Redaction: the personal values of some entries go, the entries stay.

use std::collections::BTreeMap;

use audit::{
    entry::EntryRef,
    retention::{FieldSet, Hold},
};
use entity::{HoldId, MemberId, audit_removal};
use policy::{Action, Role};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::{code, history::Locked, reason, refused};
use crate::{
    Actor, Event, Noun, Receipt, Store, StoreError, Tx,
    conn::insert,
    event::{
        Redacted,
        class::{Approver, Personal, Public, RedactedFields, Target},
    },
    ledger::number,
};

/// Entries and fields in one redaction, so that it fits an entry of the log.
const MAX_ENTRIES: usize = 100;
const MAX_FIELDS: usize = 300;

/// Fields of one entry.
#[derive(Debug, Clone)]
pub struct RedactedEntry {
    /// The entry's number.
    pub seq: u64,
    /// The names of the fields.
    pub fields: Vec<String>,
}

/// A redaction to be made.
#[derive(Debug, Clone)]
pub struct NewRedaction {
    /// The epoch whose entries are meant; where a log has had several it must be said.
    pub epoch: Option<i32>,
    /// What goes.
    pub entries: Vec<RedactedEntry>,
    /// By which right: a code that names nobody.
    pub basis: String,
    /// The request that it answers: a code that names nobody.
    pub request: String,
    /// The member who agreed to it.
    pub approver: MemberId,
    /// Why, in the actor's words.
    pub reason: Option<String>,
}

/// A redaction that is in the log.
#[derive(Debug)]
pub struct RedactionBegun {
    /// Its entry; `None` when everything had been redacted before, and nothing was recorded.
    pub seq: Option<u64>,
    /// What was recorded.
    pub receipt: Option<Receipt>,
}

impl Store {
    /// Redacts fields of entries: the entry that says so is in the log and signed when this returns, and the values go
    /// soon after. Repeated, it does nothing.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::Invalid`] and [`StoreError::NotFound`] for what the log does not have;
    /// [`StoreError::Conflict`] when something of it is held, which is recorded, and when the log is not in order.
    pub async fn redact(
        &self,
        actor: &Actor,
        new: NewRedaction,
    ) -> Result<RedactionBegun, StoreError> {
        let wanted = wanted(&new.entries)?;
        let (basis, request) = (code("basis", &new.basis)?, code("request", &new.request)?);
        let words = reason(new.reason)?;
        let tx = self.begin(actor, Action::AuditRedact).await?;
        tx.check_approver(new.approver).await?;
        let locked = tx.lock_history().await?;
        locked.check_epoch(new.epoch)?;
        tx.check_fields(&locked, &wanted).await?;
        let permits = &locked.history.permits;
        let left = wanted
            .iter()
            .map(|(seq, fields)| (*seq, fields.without(permits.redacted(*seq))));
        let left: Vec<(u64, FieldSet)> = left.filter(|(_, fields)| !fields.is_empty()).collect();
        if left.is_empty() {
            return Ok(RedactionBegun {
                seq: None,
                receipt: None,
            });
        }
        let held = left
            .iter()
            .find_map(|(seq, _)| locked.history.holds.over(*seq));
        let event = Redacted {
            held_by: held.map(target).transpose()?,
            entries: Public(RedactedFields(left.clone())),
            basis: Public(basis),
            request: Public(request),
            approver: Public(Approver(new.approver)),
            reason: Personal(words),
        };
        if let Some(hold) = held {
            let refusal = refused(format!("the hold set by entry {} forbids it", hold.seq));
            let denied = Event::from(event).with_outcome(audit::entry::Outcome::Denied);
            tx.commit(denied).await?;
            return Err(refusal);
        }
        let seq = locked.size();
        tx.announce(&locked, "redact").await?;
        let receipt = tx.commit_appended(locked.head, event).await?;
        Ok(RedactionBegun {
            seq: Some(seq),
            receipt: Some(receipt),
        })
    }
}

fn target(hold: &Hold) -> Result<Target<HoldId>, StoreError> {
    let uuid = Uuid::parse_str(&hold.id).map_err(StoreError::internal)?;
    Ok(Target(HoldId(uuid)))
}

/// What is asked for, each entry once.
fn wanted(entries: &[RedactedEntry]) -> Result<BTreeMap<u64, FieldSet>, StoreError> {
    let mut wanted: BTreeMap<u64, FieldSet> = BTreeMap::new();
    let mut count = 0;
    for entry in entries {
        for name in &entry.fields {
            let field = FieldSet::of(name).ok_or_else(|| {
                StoreError::invalid(
                    "entries",
                    format!("entries: `{name}` is no field of an entry"),
                )
            })?;
            let known = wanted.entry(entry.seq).or_default();
            *known = known.and(field);
            count += 1;
        }
    }
    let is_empty = entries.iter().any(|entry| entry.fields.is_empty()) || entries.is_empty();
    if is_empty || wanted.len() > MAX_ENTRIES || count > MAX_FIELDS {
        let message = format!(
            "entries must be 1 to {MAX_ENTRIES} entries with one field each or more, and at most {MAX_FIELDS} in all"
        );
        return Err(StoreError::invalid("entries", message));
    }
    Ok(wanted)
}

impl Tx {
    /// Remembers that what the next entry announces is still to do.
    pub(super) async fn announce(&self, locked: &Locked, kind: &str) -> Result<(), StoreError> {
        let row = audit_removal::Model {
            tenant_id: self.tenant(),
            epoch: locked.log.epoch,
            seq: locked.head.size,
            kind: kind.to_owned(),
            removed: 0,
            begun_at: self.now(),
            done_at: None,
        };
        insert(self.conn(), row).await?;
        Ok(())
    }

    async fn check_approver(&self, approver: MemberId) -> Result<(), StoreError> {
        let values: [Value; 3] = [
            self.tenant().into(),
            approver.into(),
            Role::Owner.as_str().into(),
        ];
        let statement = self.conn().sql(
            "SELECT 1 AS one FROM member WHERE tenant_id = $1 AND id = $2 AND role = $3 \
             AND removed_at IS NULL",
            values,
        );
        match self.conn().query_one_raw(statement).await? {
            Some(_) => Ok(()),
            None => Err(StoreError::invalid(
                "approverId",
                "approverId must be an owner of this tenant",
            )),
        }
    }

    /// Each entry must be there and have these fields.
    async fn check_fields(
        &self,
        locked: &Locked,
        wanted: &BTreeMap<u64, FieldSet>,
    ) -> Result<(), StoreError> {
        for (seq, fields) in wanted {
            let values: [Value; 3] = [
                self.tenant().into(),
                locked.log.epoch.into(),
                number(*seq)?.into(),
            ];
            let statement = self.conn().sql(
                "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = $3",
                values,
            );
            let row = self.conn().query_one_raw(statement).await?;
            let raw: Vec<u8> = row
                .ok_or(StoreError::NotFound(Noun::AuditEntry))?
                .try_get_by_index(0)?;
            let entry = EntryRef::parse(&raw);
            let entry =
                entry.map_err(|_| refused(format!("entry {seq} is damaged; verify the log")))?;
            let there = entry.sd.filter_map(|(field, _)| FieldSet::of(field));
            if let Some(field) = fields.without(there.collect()).first() {
                let message = format!("entries: entry {seq} has no field `{field}`");
                return Err(StoreError::invalid("entries", message));
            }
        }
        Ok(())
    }
}
