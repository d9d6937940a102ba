//! From the outbox into the chain. The row lock on a tenant's head is the fence: whoever holds it
//! appends, in one database transaction, and nobody else can.

mod intake;
mod lock;
mod rows;

use audit::{
    chain::Head,
    entry::{Draft, Time},
    hash::{Hash, leaf},
};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_head};
use policy::Action;
use sea_orm::{ConnectionTrait, Value};

use crate::{
    Event, EventStatus, RequestContext, Store, StoreError,
    conn::Conn,
    event::{DraftRejected, class::Public},
    ledger::Tree,
    outbox::{self, Prepared},
    system::Reason,
};
use intake::{Known, Waiting};
use lock::{dirty_tenants, lock_heads, not_in_order};
pub(crate) use lock::{lock_head, lock_newest_head};
pub(crate) use rows::{Appended, insert_entries};

/// How many entries one transaction appends to one chain.
pub const BATCH: u64 = 1_000;

/// What one pass of the sequencer did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Entries appended.
    pub entries: u64,
    /// Whether a chain had more waiting than one batch.
    pub more: bool,
}

impl Store {
    /// Appends what waits in the outbox, for up to eight chains nobody else is appending to.
    ///
    /// Any number of processes may call it at once. Harmless when there is nothing to do.
    ///
    /// # Errors
    /// As the database says; then nothing was appended.
    pub async fn sequence_once(&self) -> Result<Pass, StoreError> {
        self.sequence_batch(BATCH).await
    }

    /// As [`Self::sequence_once`], with at most `limit` entries for each chain.
    ///
    /// # Errors
    /// As [`Self::sequence_once`].
    pub async fn sequence_batch(&self, limit: u64) -> Result<Pass, StoreError> {
        let tx = self.begin_system(Reason::Sequencing).await?;
        let dirty = dirty_tenants(tx.conn()).await?;
        if dirty.is_empty() {
            return Ok(Pass::default());
        }
        let mut pass = Pass::default();
        for head in lock_heads(tx.conn(), &dirty).await? {
            let appended = append(self, tx.conn(), head, limit).await?;
            pass.entries += appended;
            pass.more |= appended >= limit;
        }
        tx.commit_without_event().await?;
        Ok(pass)
    }

    /// How many events of the whole deployment are committed and not yet in their chains.
    ///
    /// # Errors
    /// As the database says.
    pub async fn pending_events(&self) -> Result<u64, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let row = conn
            .query_one_raw(conn.sql("SELECT COUNT(*) AS n FROM audit_outbox", []))
            .await?
            .ok_or_else(|| StoreError::internal("a count gave no row"))?;
        let count: i64 = row.try_get("", "n")?;
        Ok(count.unsigned_abs())
    }
}

/// Appends inside the business transaction, under a savepoint. An ordinary error leaves the drafts
/// in the outbox for the worker; if the database rolled everything back, the commit will say so.
pub(crate) async fn append_inline(
    store: &Store,
    conn: &Conn,
    tenant: TenantId,
) -> Result<EventStatus, StoreError> {
    let savepoint = conn.savepoint().await?;
    let appended = match lock_heads(&savepoint, &[tenant]).await {
        Ok(heads) => match heads.into_iter().next() {
            Some(head) => append(store, &savepoint, head, BATCH).await,
            None => Ok(0),
        },
        Err(error) => Err(error),
    };
    match appended {
        Ok(entries) => {
            savepoint.commit().await?;
            // A full batch may have been others' waiting events, and this one still waits.
            Ok(if (1..BATCH).contains(&entries) {
                EventStatus::Signed
            } else {
                EventStatus::Pending
            })
        }
        Err(error) => {
            tracing::warn!(error = ?error, tenant.id = %tenant, "appending inline failed; the worker will");
            savepoint.rollback().await?;
            Ok(EventStatus::Pending)
        }
    }
}

/// Appends `drafts` at once, before what waits in the outbox. The head is locked by the caller, with
/// [`lock_head`].
pub(crate) async fn append_now(
    store: &Store,
    conn: &Conn,
    head: audit_head::Model,
    drafts: Vec<Prepared>,
) -> Result<(), StoreError> {
    let batch = drafts.into_iter().map(Waiting::from).collect();
    match begin(store, conn, &head).await? {
        Ok(ready) => append_batch(store, conn, &head, ready, batch)
            .await
            .map(drop),
        Err(cause) => Err(not_in_order(cause)),
    }
}

/// Appends up to `limit` waiting drafts to the chain behind `row`, which is locked.
async fn append(
    store: &Store,
    conn: &Conn,
    row: audit_head::Model,
    limit: u64,
) -> Result<u64, StoreError> {
    let ready = match begin(store, conn, &row).await? {
        Ok(ready) => ready,
        Err(cause) => {
            quarantine_log(conn, &row, cause).await?;
            return Ok(0);
        }
    };
    let batch = intake::take(conn, row.tenant_id, limit).await?;
    append_batch(store, conn, &row, ready, batch).await
}

/// A log that fits what its head says of it.
struct Ready {
    head: Head,
    tree: Tree,
}

/// Opens the log behind `row`; or says why nothing may be built on it.
async fn begin(
    store: &Store,
    conn: &Conn,
    row: &audit_head::Model,
) -> Result<Result<Ready, &'static str>, StoreError> {
    let Some(head) = head_of(row) else {
        return Ok(Err("the head's columns are not a head"));
    };
    if !last_entry_matches(conn, row, head).await? {
        return Ok(Err("the last entry does not have the head's hash"));
    }
    let tree = Tree::open(store, conn, row).await?;
    Ok(tree.map(|tree| Ready { head, tree }))
}

async fn append_batch(
    store: &Store,
    conn: &Conn,
    row: &audit_head::Model,
    ready: Ready,
    batch: Vec<Waiting>,
) -> Result<u64, StoreError> {
    if batch.is_empty() {
        return Ok(0);
    }
    let Ready { mut head, mut tree } = ready;
    tree.catch_up(conn).await?;
    let mut known = Known::read(conn, row.tenant_id, &batch).await?;
    let now = database_now(store, conn).await?;
    let ts = outbox::time(now)?;
    let mut appended = Vec::with_capacity(batch.len());
    for waiting in batch {
        let draft = known.judge(row.tenant_id, &waiting);
        let entry = place(conn, row, &mut head, waiting, draft, ts).await?;
        tree.push(entry.sealed.leaf);
        appended.push(entry);
    }
    if appended.iter().any(|entry| is_of_keys(&entry.draft.action)) {
        tree.pin();
    }
    insert_entries(conn, row.tenant_id, row.epoch, &appended).await?;
    tree.write(conn, rows::datetime(head.last_ts)?).await?;
    advance(conn, row, head, &tree).await?;
    Ok(appended.len() as u64)
}

/// Whether verifiers need the checkpoint that covers such an entry, to believe the keys after it.
fn is_of_keys(action: &str) -> bool {
    [Action::AuditKeyRotate, Action::AuditKeyRetire]
        .iter()
        .any(|of_keys| of_keys.name() == action)
}

fn head_of(row: &audit_head::Model) -> Option<Head> {
    Some(Head {
        size: u64::try_from(row.size).ok()?,
        last_hash: Hash::from_slice(&row.last_hash)?,
        last_ts: Time::from_micros(row.last_ts.timestamp_micros()).ok()?,
    })
}

/// Refuses to build on an entry that is not the one the head was left with.
async fn last_entry_matches(
    conn: &Conn,
    row: &audit_head::Model,
    head: Head,
) -> Result<bool, StoreError> {
    let statement = conn.sql(
        "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = $3",
        [
            row.tenant_id.into(),
            row.epoch.into(),
            (row.size - 1).into(),
        ],
    );
    let Some(found) = conn.query_one_raw(statement).await? else {
        return Ok(false);
    };
    let raw: Vec<u8> = found.try_get("", "raw")?;
    Ok(leaf(&raw) == head.last_hash)
}

/// One draft at its place. What cannot be an entry goes to quarantine, and an entry says so.
async fn place(
    conn: &Conn,
    log: &audit_head::Model,
    head: &mut Head,
    row: Waiting,
    draft: Result<Draft, &'static str>,
    ts: Time,
) -> Result<Appended, StoreError> {
    let cause = match draft {
        Ok(draft) => match head.append(&draft, ts) {
            Ok(sealed) => return Appended::new(*head, sealed, draft, &row.disclosures),
            Err(_) => "it does not fit the log",
        },
        Err(cause) => cause,
    };
    reject(conn, log, head, &row, ts, cause).await
}

async fn reject(
    conn: &Conn,
    log: &audit_head::Model,
    head: &mut Head,
    row: &Waiting,
    ts: Time,
    cause: &'static str,
) -> Result<Appended, StoreError> {
    tracing::error!(tenant.id = %log.tenant_id, event.id = %row.event_id, cause, "draft rejected");
    rows::quarantine_draft(conn, log, row, cause, ts).await?;
    let event = Event::from(DraftRejected {
        event: Public(row.event_id.uuid().to_string()),
        cause: Public(cause.to_owned()),
    });
    let draft = outbox::draft_of(event, log.tenant_id, &RequestContext::internal(), ts)?;
    let sealed = head.append(&draft, ts).map_err(StoreError::internal)?;
    Appended::new(*head, sealed, draft, "")
}

/// Appending stops; writing goes on and waits visibly, verification answers that the log is broken.
async fn quarantine_log(
    conn: &Conn,
    row: &audit_head::Model,
    cause: &'static str,
) -> Result<(), StoreError> {
    tracing::error!(tenant.id = %row.tenant_id, cause, "log quarantined");
    let statement = conn.sql(
        "UPDATE audit_head SET state = 'quarantined' WHERE tenant_id = $1 AND epoch = $2",
        [row.tenant_id.into(), row.epoch.into()],
    );
    conn.execute_raw(statement).await?;
    Ok(())
}

/// Moves the head by compare-and-set: nobody can have moved it, and if somebody did, nothing commits.
async fn advance(
    conn: &Conn,
    old: &audit_head::Model,
    new: Head,
    tree: &Tree,
) -> Result<(), StoreError> {
    let values: [Value; 8] = [
        i64::try_from(new.size)
            .map_err(StoreError::internal)?
            .into(),
        new.last_hash.0.to_vec().into(),
        rows::datetime(new.last_ts)?.into(),
        old.tenant_id.into(),
        old.epoch.into(),
        old.size.into(),
        old.last_hash.clone().into(),
        tree.frontier().into(),
    ];
    let statement = conn.sql(
        "UPDATE audit_head SET size = $1, last_hash = $2, last_ts = $3, frontier = $8 \
         WHERE tenant_id = $4 AND epoch = $5 AND size = $6 AND last_hash = $7",
        values,
    );
    if conn.execute_raw(statement).await?.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::internal("the head moved while it was locked"))
    }
}

/// The clock of `ts`: the database server's, shared by all writers; SQLite's is the process's own.
pub(crate) async fn database_now(store: &Store, conn: &Conn) -> Result<DateTime<Utc>, StoreError> {
    if !conn.is_postgres() {
        return Ok(store.now());
    }
    let statement = conn.sql("SELECT clock_timestamp() AS now", []);
    let row = conn
        .query_one_raw(statement)
        .await?
        .ok_or_else(|| StoreError::internal("the database gave no time"))?;
    Ok(row.try_get("", "now")?)
}
