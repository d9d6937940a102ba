//! Legal holds.

use std::ops::Range;

use entity::{HoldId, audit_hold};
use policy::Action;
use sea_orm::{ConnectionTrait, Value};

use super::{code, reason, refused};
use crate::{
    Actor, Noun, Receipt, Store, StoreError,
    conn::insert,
    event::{
        HoldLifted, HoldPlaced,
        class::{Personal, Public, Target},
    },
    ledger::number,
};

/// A hold to be set.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// The entries held; `None` holds the whole log and what is yet to come.
    pub range: Option<Range<u64>>,
    /// By which right: a code that names nobody.
    pub basis: String,
    /// The matter: a code that names nobody.
    pub reference: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
}

/// A hold that was set.
#[derive(Debug)]
pub struct HoldPlacedRow {
    /// The hold.
    pub hold: audit_hold::Model,
    /// What was recorded.
    pub receipt: Receipt,
}

impl Store {
    /// Sets a hold: from the commit on nothing that it covers is redacted or pruned, not even what was announced
    /// before.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::Invalid`] for a range that is empty or not of the log;
    /// [`StoreError::Conflict`] when the log is not in order.
    pub async fn set_hold(&self, actor: &Actor, new: NewHold) -> Result<HoldPlacedRow, StoreError> {
        let (basis, reference) = (
            code("basis", &new.basis)?,
            code("reference", &new.reference)?,
        );
        let reason = reason(new.reason)?;
        let tx = self.begin(actor, Action::AuditHoldSet).await?;
        let locked = tx.lock_history().await?;
        let (first, until) = match new.range {
            None => (0, None),
            Some(range)
                if locked.first() <= range.start
                    && range.end <= locked.size()
                    && !range.is_empty() =>
            {
                (range.start, Some(range.end))
            }
            Some(_) => {
                let message = format!(
                    "the range must be of entries {} to {} and not empty",
                    locked.first(),
                    locked.size()
                );
                return Err(StoreError::invalid("range", message));
            }
        };
        let hold = audit_hold::Model {
            tenant_id: tx.tenant(),
            id: HoldId::generate(),
            epoch: locked.log.epoch,
            seq: locked.head.size,
            first_seq: number(first)?,
            until_seq: until.map(number).transpose()?,
            cleared_seq: None,
        };
        insert(tx.conn(), hold.clone()).await?;
        let event = HoldPlaced {
            hold: Target(hold.id),
            basis: Public(basis),
            reference: Public(reference),
            first: Public(first),
            until: Public(until),
            reason: Personal(reason),
        };
        let receipt = tx.commit_appended(locked.head, event).await?;
        Ok(HoldPlacedRow { hold, receipt })
    }

    /// Lifts a hold.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::NotFound`]; [`StoreError::Conflict`] when it was lifted before, or
    /// the log is not in order.
    pub async fn clear_hold(
        &self,
        actor: &Actor,
        id: HoldId,
        reference: &str,
        words: Option<String>,
    ) -> Result<Receipt, StoreError> {
        let (reference, words) = (code("reference", reference)?, reason(words)?);
        let tx = self.begin(actor, Action::AuditHoldClear).await?;
        let locked = tx.lock_history().await?;
        let uuid = id.uuid().to_string();
        let hold = locked.history.holds.get(&uuid);
        let hold = hold.ok_or(StoreError::NotFound(Noun::Hold))?;
        if !hold.is_active() {
            return Err(refused("the hold was lifted before"));
        }
        let values: [Value; 3] = [locked.head.size.into(), tx.tenant().into(), id.into()];
        let statement = tx.conn().sql(
            "UPDATE audit_hold SET cleared_seq = $1 WHERE tenant_id = $2 AND id = $3",
            values,
        );
        tx.conn().execute_raw(statement).await?;
        let event = HoldLifted {
            hold: Target(id),
            reference: Public(reference),
            reason: Personal(words),
        };
        tx.commit_appended(locked.head, event).await
    }
}
