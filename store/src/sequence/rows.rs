//! The rows of a batch of entries: the bytes, and the projections taken from the draft they came from.

mod unnest;

use audit::{
    chain::Head,
    entry::{Draft, Sealed, Time},
};
use chrono::{DateTime, Utc};
use entity::{
    EventId, TenantId, audit_disclosure, audit_entry, audit_head, audit_quarantine, audit_target,
};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

use super::intake::Waiting;
use crate::{StoreError, conn::Conn};

/// An entry that has its place and is about to be written.
#[derive(Debug)]
pub(crate) struct Appended {
    pub(crate) seq: u64,
    pub(crate) ts: DateTime<Utc>,
    pub(crate) sealed: Sealed,
    pub(crate) draft: Draft,
    /// Field and text.
    pub(crate) disclosures: Vec<(String, String)>,
}

impl Appended {
    /// The entry that `head` has just moved over.
    pub(crate) fn new(
        head: Head,
        sealed: Sealed,
        draft: Draft,
        disclosures: &str,
    ) -> Result<Self, StoreError> {
        let pairs = disclosures.lines().filter_map(|line| line.split_once(' '));
        Ok(Self {
            seq: head.size.saturating_sub(1),
            ts: datetime(head.last_ts)?,
            sealed,
            draft,
            disclosures: pairs.map(|(f, d)| (f.to_owned(), d.to_owned())).collect(),
        })
    }

    fn seq(&self) -> Result<i64, StoreError> {
        i64::try_from(self.seq).map_err(StoreError::internal)
    }
}

/// A time of the log as a column has it.
pub(crate) fn datetime(time: Time) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(time.as_micros())
        .ok_or_else(|| StoreError::internal("time out of range"))
}

/// Writes a batch: entries, targets and disclosures. In one statement on Postgres; on SQLite each table
/// in one statement per chunk.
pub(crate) async fn insert_entries(
    conn: &Conn,
    tenant: TenantId,
    epoch: i32,
    batch: &[Appended],
) -> Result<(), StoreError> {
    if conn.is_postgres() {
        return unnest::insert(conn, tenant, epoch, batch).await;
    }
    let rows: Result<Vec<_>, _> = batch.iter().map(|e| entry_row(tenant, epoch, e)).collect();
    insert_chunked::<audit_entry::Entity, _>(conn, rows?).await?;
    let mut targets = Vec::new();
    let mut disclosures = Vec::new();
    for entry in batch {
        targets.extend(target_rows(tenant, epoch, entry)?);
        disclosures.extend(disclosure_rows(tenant, epoch, entry)?);
    }
    insert_chunked::<audit_target::Entity, _>(conn, targets).await?;
    insert_chunked::<audit_disclosure::Entity, _>(conn, disclosures).await
}

/// Few distinct statement texts, each well under the 32 766 parameters SQLite takes.
const CHUNK: usize = 250;

async fn insert_chunked<E, A>(conn: &Conn, mut rows: Vec<A>) -> Result<(), StoreError>
where
    E: EntityTrait,
    A: sea_orm::ActiveModelTrait<Entity = E> + Send,
{
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(CHUNK));
        E::insert_many(rows).exec_without_returning(conn).await?;
        rows = rest;
    }
    Ok(())
}

fn entry_row(
    tenant: TenantId,
    epoch: i32,
    entry: &Appended,
) -> Result<audit_entry::ActiveModel, StoreError> {
    Ok(audit_entry::ActiveModel {
        tenant_id: Set(tenant),
        epoch: Set(epoch),
        seq: Set(entry.seq()?),
        event_id: Set(event_id(&entry.draft)?),
        leaf: Set(entry.sealed.leaf.0.to_vec()),
        raw: Set(entry.sealed.raw.clone()),
        action: Set(entry.draft.action.clone()),
        outcome: Set(entry.draft.outcome.as_str().to_owned()),
        actor_type: Set(entry.draft.actor.kind.as_str().to_owned()),
        actor_id: Set(entry.draft.actor.id.clone()),
        occurred_at: Set(datetime(entry.draft.at)?),
        sequenced_at: Set(entry.ts),
    })
}

fn event_id(draft: &Draft) -> Result<EventId, StoreError> {
    Uuid::parse_str(&draft.id)
        .map(EventId)
        .map_err(StoreError::internal)
}

fn target_rows(
    tenant: TenantId,
    epoch: i32,
    entry: &Appended,
) -> Result<Vec<audit_target::ActiveModel>, StoreError> {
    let seq = entry.seq()?;
    let rows = entry
        .draft
        .targets
        .iter()
        .zip(0..)
        .map(|(target, position)| {
            Ok(audit_target::ActiveModel {
                tenant_id: Set(tenant),
                epoch: Set(epoch),
                seq: Set(seq),
                position: Set(position),
                target_type: Set(target.kind.clone()),
                target_id: Set(Uuid::parse_str(&target.id).map_err(StoreError::internal)?),
            })
        });
    rows.collect()
}

fn disclosure_rows(
    tenant: TenantId,
    epoch: i32,
    entry: &Appended,
) -> Result<Vec<audit_disclosure::ActiveModel>, StoreError> {
    let seq = entry.seq()?;
    let rows = entry
        .disclosures
        .iter()
        .map(|(field, text)| audit_disclosure::ActiveModel {
            tenant_id: Set(tenant),
            epoch: Set(epoch),
            seq: Set(seq),
            field: Set(field.clone()),
            disclosure: Set(text.clone()),
        });
    Ok(rows.collect())
}

/// Keeps what could not be appended. A second one with the same event id is the same evidence.
pub(crate) async fn quarantine_draft(
    conn: &Conn,
    log: &audit_head::Model,
    row: &Waiting,
    cause: &str,
    ts: Time,
) -> Result<(), StoreError> {
    let kept = audit_quarantine::ActiveModel {
        tenant_id: Set(log.tenant_id),
        event_id: Set(row.event_id),
        epoch: Set(log.epoch),
        draft: Set(row.draft.clone()),
        disclosures: Set(row.disclosures.clone()),
        reason: Set(cause.to_owned()),
        quarantined_at: Set(datetime(ts)?),
    };
    audit_quarantine::Entity::insert(kept)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}
