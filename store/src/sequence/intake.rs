//! What waits in the outbox, read without believing it, and judged draft by draft.
//!
//! Nothing in the outbox may stop a log: whatever cannot become an entry is answered here with the
//! reason why, and the sequencer goes on.

use std::collections::{BTreeMap, HashSet};

use audit::{
    disclosure,
    entry::{Draft, Outcome},
};
use entity::{EventId, TenantId};
use policy::Action;
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use uuid::Uuid;

use crate::{StoreError, conn::Conn, outbox::Prepared};

/// A row taken from the outbox.
#[derive(Debug)]
pub(super) struct Waiting {
    id: i64,
    /// A new one for what names none, which only SQLite can hold.
    pub(super) event_id: EventId,
    is_named: bool,
    /// Made by this process in this transaction; the outbox holds what anybody wrote who can write it.
    is_own: bool,
    pub(super) draft: Vec<u8>,
    pub(super) disclosures: String,
}

impl From<Prepared> for Waiting {
    /// What becomes an entry without having waited.
    fn from(draft: Prepared) -> Self {
        Self {
            id: 0,
            event_id: draft.event_id,
            is_named: true,
            is_own: true,
            draft: draft.bytes,
            disclosures: draft.disclosures,
        }
    }
}

/// Deletes the consumed rows: a position in the outbox is never remembered, so a transaction that
/// commits late with an early number is not lost.
pub(super) async fn take(
    conn: &Conn,
    tenant: TenantId,
    limit: u64,
) -> Result<Vec<Waiting>, StoreError> {
    let first =
        format!("SELECT id FROM audit_outbox WHERE tenant_id = $1 ORDER BY id LIMIT {limit}");
    // As an array the ids are found in one sweep of the index: a fifth of the time of the join.
    let among = if conn.is_postgres() {
        format!("= ANY (ARRAY({first}))")
    } else {
        format!("IN ({first})")
    };
    let sql = format!(
        "DELETE FROM audit_outbox WHERE id {among} RETURNING id, event_id, draft, disclosures"
    );
    let statement = conn.sql(&sql, [tenant.into()]);
    let found = conn.query_all_raw(statement).await?;
    let rows: Result<Vec<Waiting>, StoreError> =
        found.iter().map(|row| waiting(conn, row)).collect();
    let mut rows = rows?;
    rows.sort_unstable_by_key(|row| row.id);
    Ok(rows)
}

fn waiting(conn: &Conn, row: &QueryResult) -> Result<Waiting, StoreError> {
    let (event_id, disclosures) = if conn.is_postgres() {
        let event_id: EventId = row.try_get("", "event_id")?;
        (Some(event_id), row.try_get("", "disclosures")?)
    } else {
        // Text of SQLite is whatever bytes somebody wrote.
        let event_id: Vec<u8> = row.try_get("", "event_id")?;
        let disclosures: Vec<u8> = row.try_get("", "disclosures")?;
        let spelt = |id: &Uuid| id.to_string().as_bytes() == event_id.as_slice();
        let uuid = Uuid::try_parse_ascii(&event_id).ok().filter(spelt);
        let disclosures = String::from_utf8_lossy(&disclosures).into_owned();
        (uuid.map(EventId), disclosures)
    };
    Ok(Waiting {
        id: row.try_get("", "id")?,
        event_id: event_id.unwrap_or_else(EventId::generate),
        is_named: event_id.is_some(),
        is_own: false,
        draft: row.try_get("", "draft")?,
        disclosures,
    })
}

/// The events that are in a log, the batch at hand included: one event is one entry.
#[derive(Debug)]
pub(super) struct Known(HashSet<EventId>);

impl Known {
    /// Looks the events of a batch up, in one statement.
    pub(super) async fn read(
        conn: &Conn,
        tenant: TenantId,
        batch: &[Waiting],
    ) -> Result<Self, StoreError> {
        let ids: Vec<Value> = batch.iter().map(|row| Value::from(row.event_id)).collect();
        let statement = if conn.is_postgres() {
            let ids = Value::Array(ArrayType::Uuid, Some(Box::new(ids)));
            // One descent of the unique index for each, whatever the planner knew of the table when it
            // made the plan: `= ANY($2)` may become a filter over the whole log, and then the time of
            // a batch grows with the log.
            conn.sql(
                "SELECT batch.event_id FROM UNNEST($2::uuid[]) AS batch (event_id) \
                 CROSS JOIN LATERAL (SELECT FROM audit_entry e WHERE e.tenant_id = $1 \
                 AND e.event_id = batch.event_id LIMIT 1) AS found",
                [tenant.into(), ids],
            )
        } else {
            let places: Vec<String> = (2..ids.len() + 2).map(|n| format!("${n}")).collect();
            let sql = format!(
                "SELECT event_id FROM audit_entry WHERE tenant_id = $1 AND event_id IN ({})",
                places.join(", ")
            );
            conn.sql(&sql, std::iter::once(tenant.into()).chain(ids))
        };
        let rows = conn.query_all_raw(statement).await?;
        let known: Result<HashSet<EventId>, _> =
            rows.iter().map(|row| row.try_get("", "event_id")).collect();
        Ok(Self(known?))
    }

    /// The draft, or why it cannot be an entry of `tenant`'s log.
    pub(super) fn judge(&mut self, tenant: TenantId, row: &Waiting) -> Result<Draft, &'static str> {
        if !row.is_named {
            return Err("its event id is not a uuid");
        }
        let draft = Draft::from_bytes(&row.draft).map_err(|_| "its bytes are not a draft")?;
        if draft.tenant != tenant.uuid().to_string() {
            Err("it names another tenant")
        } else if draft.id != row.event_id.uuid().to_string() {
            Err("it names another event")
        } else if !row.is_own && is_reserved(&draft) {
            Err("only the log itself records this")
        } else if !discloses(&draft, &row.disclosures) {
            Err("its disclosures are not those it was drafted with")
        } else if !self.0.insert(row.event_id) {
            Err("its event is in the log already")
        } else {
            Ok(draft)
        }
    }
}

/// What verifiers believe keys, heads and gaps by: it never passes through the outbox, so that nobody who can
/// write there has it signed. That somebody was refused is for everybody to say.
fn is_reserved(draft: &Draft) -> bool {
    const RESERVED: [Action; 5] = [
        Action::AuditKeyRotate,
        Action::AuditKeyRetire,
        Action::AuditCosignerCreate,
        Action::AuditCheckpointCollect,
        Action::AuditRecover,
    ];
    const RESERVED_SUCCESS: [Action; 4] = [
        Action::AuditHoldSet,
        Action::AuditHoldClear,
        Action::AuditRedact,
        Action::AuditPrune,
    ];
    let among = |actions: &[Action]| actions.iter().any(|of| of.name() == draft.action);
    among(&RESERVED) || (draft.outcome == Outcome::Success && among(&RESERVED_SUCCESS))
}

/// Whether the texts are exactly those whose digests the draft has.
fn discloses(draft: &Draft, lines: &str) -> bool {
    let texts: Option<BTreeMap<&str, &str>> =
        lines.lines().map(|line| line.split_once(' ')).collect();
    let Some(texts) = texts.filter(|texts| texts.len() == lines.lines().count()) else {
        return false;
    };
    texts.len() == draft.sd.len()
        && draft.sd.iter().all(|(field, digest)| {
            let text = texts.get(field.as_str());
            text.is_some_and(|text| disclosure::check(text, field, digest).is_ok())
        })
}
