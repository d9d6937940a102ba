//! Exports that somebody asked for: rows, and the steps between their states.
//!
//! `PENDING → RUNNING → DONE → EXPIRED`, or `FAILED`. Each attempt of the job is a number; only the newest
//! one may end the export, and each writes to a place of its own.

mod due;
mod record;
mod step;

pub(crate) use due::end_those_with_values;

use chrono::{DateTime, Utc};
use entity::{AuditExportId, BareId, audit_export, audit_head};
use policy::Action;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use super::{Exported, Format};
use crate::{
    Actor, ConflictCode, Event, EventRef, Events, Noun, Store, StoreError, Tx,
    conn::insert,
    event::{
        ExportBegun, ExportDisclosed,
        class::{Public, Target},
    },
    job::JobKind,
    ledger::{number, tile::WIDTH},
};

/// An export that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewExport {
    /// As what.
    pub format: Format,
    /// Which epoch of the log; `None` for the newest.
    pub epoch: Option<i32>,
    /// The first entry; of a bundle a multiple of 256.
    pub first: u64,
    /// The entry behind the last, of a bundle a multiple of 256; `None` for all there are then.
    pub end: Option<u64>,
    /// Whether personal values are to go with the entries.
    pub disclosures: bool,
}

/// The file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its length.
    pub byte_len: u64,
    /// Its hash.
    pub sha256: [u8; 32],
    /// What is in it.
    pub exported: Exported,
    /// When it is to be removed.
    pub expires_at: DateTime<Utc>,
}

impl Store {
    /// Asks for an export of the actor's log. A worker makes it.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], also for disclosures that the actor may not see; [`StoreError::Invalid`] for
    /// a range that is none; [`StoreError::Conflict`] while another export of the tenant is being made.
    pub async fn begin_audit_export(
        &self,
        actor: &Actor,
        new: NewExport,
    ) -> Result<(audit_export::Model, EventRef), StoreError> {
        self.permit(actor, Action::AuditExport)?;
        if new.disclosures {
            self.permit(actor, Action::AuditDisclose)?;
        }
        check(new)?;
        let tx = self.begin(actor, Action::AuditExport).await?;
        // Two requests that come together must not both find none.
        tx.lock_alone("audit_export").await?;
        tx.refuse_second_export().await?;
        tx.refuse_beyond_log(new).await?;
        let principal = tx.principal();
        let row = audit_export::Model {
            tenant_id: tx.tenant(),
            id: AuditExportId::generate(),
            format: new.format.as_str().to_owned(),
            epoch: new.epoch,
            first_seq: number(new.first)?,
            end_seq: new.end.map(number).transpose()?,
            disclosures: new.disclosures,
            state: "PENDING".to_owned(),
            attempt: 0,
            done_count: 0,
            total_count: 0,
            byte_len: None,
            sha256: None,
            object_key: None,
            checkpoint: None,
            verdict: None,
            reason: None,
            requested_by_type: principal.kind().to_owned(),
            requested_by_id: BareId(principal.uuid()),
            created_at: tx.now(),
            finished_at: None,
            expires_at: None,
        };
        insert(tx.conn(), row.clone()).await?;
        tx.enqueue(JobKind::AuditExport, row.id.uuid(), tx.now())
            .await?;
        let receipt = tx.commit(begun(row.id, new)).await?;
        let event = receipt
            .event()
            .ok_or_else(|| StoreError::internal("a receipt without an event"))?;
        Ok((row, event))
    }
}

fn begun(id: AuditExportId, new: NewExport) -> Events {
    let event = Event::from(ExportBegun {
        export: Target(id),
        phase: Public("begun"),
        format: Public(new.format.as_str()),
        epoch: Public(new.epoch.map(|epoch| u64::from(epoch.unsigned_abs()))),
        first: Public(new.first),
        end: Public(new.end),
        disclosures: Public(new.disclosures),
    });
    if new.disclosures {
        Events::from(ExportDisclosed { export: Target(id) }).and(event)
    } else {
        event.into()
    }
}

/// A bundle is made of whole tiles.
fn check(new: NewExport) -> Result<(), StoreError> {
    let is_tile = |seq: u64| new.format != Format::Bundle || seq.is_multiple_of(WIDTH);
    let sentence = |field| format!("{field} of a bundle must be a multiple of {WIDTH}");
    if !is_tile(new.first) {
        return Err(StoreError::invalid("fromSeq", sentence("fromSeq")));
    }
    if !new.end.is_none_or(is_tile) {
        return Err(StoreError::invalid("toSeq", sentence("toSeq")));
    }
    if new.end.is_some_and(|end| end <= new.first) {
        let message = "toSeq is the entry behind the last one, and must be above fromSeq";
        return Err(StoreError::invalid("toSeq", message));
    }
    Ok(())
}

impl Tx {
    async fn refuse_second_export(&self) -> Result<(), StoreError> {
        let live = self
            .find::<audit_export::Entity>()
            .filter(audit_export::Column::State.is_in(["PENDING", "RUNNING"]))
            .one(self.conn())
            .await?;
        let Some(live) = live else {
            return Ok(());
        };
        Err(StoreError::conflict(
            ConflictCode::InvalidState,
            format!(
                "the export {} is being made; wait until it has ended",
                live.id
            ),
        ))
    }

    async fn refuse_beyond_log(&self, new: NewExport) -> Result<(), StoreError> {
        let heads = self
            .find::<audit_head::Entity>()
            .order_by_desc(audit_head::Column::Epoch)
            .all(self.conn())
            .await?;
        let newest = heads
            .first()
            .ok_or(StoreError::NotFound(Noun::AuditEntry))?;
        let epoch = new.epoch.unwrap_or(newest.epoch);
        let Some(head) = heads.iter().find(|head| head.epoch == epoch) else {
            let message = format!(
                "the log has no epoch {epoch}; the newest is {}",
                newest.epoch
            );
            return Err(StoreError::invalid("epoch", message));
        };
        let beyond = |seq: u64| number(seq).is_ok_and(|seq| seq > head.size);
        let message = format!("epoch {epoch} of the log has {} entries", head.size);
        if beyond(new.first) {
            return Err(StoreError::invalid("fromSeq", message));
        }
        if new.end.is_some_and(beyond) {
            return Err(StoreError::invalid("toSeq", message));
        }
        Ok(())
    }
}
