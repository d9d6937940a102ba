//! The deletion that an entry has announced: a batch at a time, from wherever the last one ended.

use audit::{
    entry::EntryRef,
    retention::{FieldSet, Holds, Permit, Prune, PruneKind},
};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_removal};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use super::{History, plan::without, refused};
use crate::{
    Store, StoreError,
    conn::Conn,
    event::{PruneDone, class::Public},
    export::run::end_those_with_values,
    ledger::{LogId, number, tile::WIDTH},
    sequence,
    system::{Duty, Reason},
};

/// Entries that one batch goes over.
const BATCH: u64 = 4 * WIDTH;

/// A deletion that was announced and is not done.
pub type Removal = audit_removal::Model;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing goes yet: the entry is not kept outside, or what it names is held.
    Waiting,
    /// So many disclosures, or entries, are gone; there may be more.
    More(u64),
    /// Nothing is left.
    Done,
}

/// What goes in a batch.
enum Batch {
    Waiting,
    Gone(u64),
    Nothing,
}

impl Store {
    /// Deletions that are not done, by log and number, behind `after`: those that wait for a hold keep nobody else
    /// waiting.
    ///
    /// # Errors
    /// As the database says.
    pub async fn open_removals(
        &self,
        after: Option<&Removal>,
        limit: u64,
    ) -> Result<Vec<Removal>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let (behind, values): (_, Vec<Value>) = match after {
            None => ("", Vec::new()),
            Some(last) => (
                " AND (tenant_id, epoch, seq) > ($1, $2, $3)",
                vec![last.tenant_id.into(), last.epoch.into(), last.seq.into()],
            ),
        };
        let statement = conn.sql(
            &format!(
                "SELECT * FROM audit_removal WHERE done_at IS NULL{behind} \
                 ORDER BY tenant_id, epoch, seq LIMIT {limit}"
            ),
            values,
        );
        Ok(Removal::find_by_statement(statement).all(&*conn).await?)
    }

    /// The deletion that the entry `seq` of the tenant's log announced.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_removal(
        &self,
        tenant: TenantId,
        seq: u64,
    ) -> Result<Option<Removal>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let statement = conn.sql(
            "SELECT * FROM audit_removal WHERE tenant_id = $1 AND seq = $2 \
             ORDER BY epoch DESC LIMIT 1",
            [tenant.into(), number(seq)?.into()],
        );
        Ok(Removal::find_by_statement(statement).one(&*conn).await?)
    }

    /// Deletes the next batch of what an entry announced; with `anchored`, not before the entry is kept outside.
    /// Harmless when another process does the same.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the log is not in order or the entry is not there; then nothing was deleted.
    pub async fn remove_batch(
        &self,
        removal: &Removal,
        anchored: bool,
    ) -> Result<Step, StoreError> {
        let tx = self
            .begin_system_within(Reason::Removal, removal.tenant_id)
            .await?;
        // The lock keeps holds from being set while this goes on.
        let head = sequence::lock_head(tx.conn(), removal.tenant_id).await?;
        let log = LogId {
            tenant: removal.tenant_id,
            epoch: removal.epoch,
        };
        if anchored && head.epoch == removal.epoch && head.anchored_size <= removal.seq {
            return Ok(Step::Waiting);
        }
        if head.epoch != removal.epoch && is_held_whole(tx.conn(), log, head.epoch).await? {
            return Ok(Step::Waiting);
        }
        let permit = permit(tx.conn(), log, removal.seq).await?;
        let history = History::read(tx.conn(), log).await?;
        history.check_holds(tx.conn(), log).await?;
        let batch = match permit {
            Permit::Redact(entries) => redact(tx.conn(), log, &entries, &history.holds).await?,
            Permit::Prune(prune) => match prune.kind {
                PruneKind::Payload => payload(tx.conn(), log, &prune, &history.holds).await?,
                PruneKind::Entries => {
                    let first = min_seq(tx.conn(), log).await?;
                    entries(tx.conn(), log, first, &prune, &history.holds).await?
                }
            },
        };
        match batch {
            Batch::Waiting => Ok(Step::Waiting),
            Batch::Gone(count) => {
                note(tx.conn(), removal, count).await?;
                tx.commit_without_event().await?;
                Ok(Step::More(count))
            }
            Batch::Nothing => {
                drop(tx);
                self.finish_removal(removal).await?;
                Ok(Step::Done)
            }
        }
    }

    async fn finish_removal(&self, removal: &Removal) -> Result<(), StoreError> {
        let Some(kind) = PruneKind::parse(&removal.kind) else {
            let tx = self
                .begin_system_within(Reason::Removal, removal.tenant_id)
                .await?;
            mark_done(tx.conn(), removal, tx.now()).await?;
            return tx.commit_without_event().await;
        };
        let tx = self.begin_duty(Duty::Retention, removal.tenant_id).await?;
        if let Some(ended) = mark_done(tx.conn(), removal, tx.now()).await? {
            let event = PruneDone {
                prune: Public(ended.seq.unsigned_abs()),
                kind: Public(kind.as_str()),
                removed: Public(ended.removed.unsigned_abs()),
            };
            tx.commit(event).await?;
        }
        Ok(())
    }
}

/// Exports that took along what is gone now end with it. `None` when another process has done it.
async fn mark_done(
    conn: &Conn,
    removal: &Removal,
    now: DateTime<Utc>,
) -> Result<Option<Removal>, StoreError> {
    let values: [Value; 4] = [
        now.into(),
        removal.tenant_id.into(),
        removal.epoch.into(),
        removal.seq.into(),
    ];
    let statement = conn.sql(
        "UPDATE audit_removal SET done_at = $1 WHERE tenant_id = $2 AND epoch = $3 \
         AND seq = $4 AND done_at IS NULL RETURNING *",
        values,
    );
    let ended = Removal::find_by_statement(statement).one(conn).await?;
    if let Some(Removal {
        tenant_id: tenant,
        epoch,
        ..
    }) = ended
    {
        end_those_with_values(conn, LogId { tenant, epoch }, now).await?;
    }
    Ok(ended)
}

/// What the entry permits: it stands there, or nothing goes.
async fn permit(conn: &Conn, log: LogId, seq: i64) -> Result<Permit, StoreError> {
    let statement = conn.sql(
        "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = $3",
        [log.tenant.into(), log.epoch.into(), seq.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    let raw: Option<Vec<u8>> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    let entry = raw.as_deref().and_then(|raw| EntryRef::parse(raw).ok());
    let own = log.tenant.uuid().to_string();
    let entry = entry.filter(|entry| Ok(entry.seq) == u64::try_from(seq) && entry.tenant == own);
    entry.as_ref().and_then(Permit::of).ok_or_else(|| {
        refused(format!(
            "entry {seq} does not announce a deletion; verify the log"
        ))
    })
}

/// A redaction is small: all of it goes at once, or waits for as long as any of it is held.
async fn redact(
    conn: &Conn,
    log: LogId,
    entries: &[(u64, FieldSet)],
    holds: &Holds,
) -> Result<Batch, StoreError> {
    if entries.iter().any(|(seq, _)| holds.over(*seq).is_some()) {
        return Ok(Batch::Waiting);
    }
    let mut gone = 0;
    for (seq, fields) in entries {
        for field in fields.names() {
            let values: [Value; 4] = [
                log.tenant.into(),
                log.epoch.into(),
                number(*seq)?.into(),
                field.into(),
            ];
            let statement = conn.sql(
                "DELETE FROM audit_disclosure WHERE tenant_id = $1 AND epoch = $2 AND seq = $3 \
                 AND field = $4",
                values,
            );
            gone += conn.execute_raw(statement).await?.rows_affected();
        }
    }
    Ok(count(gone))
}

fn count(gone: u64) -> Batch {
    if gone == 0 {
        Batch::Nothing
    } else {
        Batch::Gone(gone)
    }
}

async fn payload(
    conn: &Conn,
    log: LogId,
    prune: &Prune,
    holds: &Holds,
) -> Result<Batch, StoreError> {
    let spared = format!("{}{}", without(&prune.held), beside(holds));
    let statement = conn.sql(
        &format!(
            "SELECT MIN(seq) FROM audit_disclosure WHERE tenant_id = $1 AND epoch = $2 \
             AND seq < $3{spared}"
        ),
        [
            log.tenant.into(),
            log.epoch.into(),
            number(prune.until)?.into(),
        ],
    );
    let row = conn.query_one_raw(statement).await?;
    let first: Option<i64> = row
        .map(|row| row.try_get_by_index(0))
        .transpose()?
        .flatten();
    let Some(first) = first else {
        return Ok(Batch::Nothing);
    };
    let end = prune.until.min(first.unsigned_abs().saturating_add(BATCH));
    let values: [Value; 4] = [
        log.tenant.into(),
        log.epoch.into(),
        first.into(),
        number(end)?.into(),
    ];
    let statement = conn.sql(
        &format!(
            "DELETE FROM audit_disclosure WHERE tenant_id = $1 AND epoch = $2 AND seq >= $3 \
             AND seq < $4{spared}"
        ),
        values,
    );
    Ok(count(conn.execute_raw(statement).await?.rows_affected()))
}

/// Whether a hold of the epoch that the log is in now covers all of the log.
async fn is_held_whole(conn: &Conn, log: LogId, epoch: i32) -> Result<bool, StoreError> {
    let newest = LogId { epoch, ..log };
    let history = History::read(conn, newest).await?;
    history.check_holds(conn, newest).await?;
    let mut holds = history.holds.all().iter();
    Ok(holds.any(|hold| hold.is_active() && hold.first == 0 && hold.until.is_none()))
}

/// A condition that leaves out what is held now.
fn beside(holds: &Holds) -> String {
    let active = holds.all().iter().filter(|hold| hold.is_active());
    let conditions = active.map(|hold| match hold.until {
        Some(until) => format!(" AND NOT (seq >= {} AND seq < {until})", hold.first),
        None => format!(" AND seq < {}", hold.first),
    });
    conditions.collect()
}

async fn entries(
    conn: &Conn,
    log: LogId,
    first: u64,
    prune: &Prune,
    holds: &Holds,
) -> Result<Batch, StoreError> {
    let held = holds.first_from(first).unwrap_or(u64::MAX);
    let bound = prune.until.min(held - held % WIDTH);
    if first >= bound {
        return Ok(Batch::Nothing);
    }
    let end = bound.min(first + BATCH);
    let values = || -> Result<[Value; 3], StoreError> {
        Ok([log.tenant.into(), log.epoch.into(), number(end)?.into()])
    };
    for table in ["audit_disclosure", "audit_target", "audit_entry"] {
        let sql = format!("DELETE FROM {table} WHERE tenant_id = $1 AND epoch = $2 AND seq < $3");
        conn.execute_raw(conn.sql(&sql, values()?)).await?;
    }
    // What was said of them by entries that are gone now, and is over.
    for (table, over) in [("audit_hold", "cleared_seq"), ("audit_removal", "done_at")] {
        let sql = format!(
            "DELETE FROM {table} WHERE tenant_id = $1 AND epoch = $2 AND seq < $3 \
             AND {over} IS NOT NULL"
        );
        conn.execute_raw(conn.sql(&sql, values()?)).await?;
    }
    let sql = "UPDATE audit_head SET min_seq = $3 \
               WHERE tenant_id = $1 AND epoch = $2 AND min_seq < $3";
    conn.execute_raw(conn.sql(sql, values()?)).await?;
    Ok(Batch::Gone(end - first))
}

/// The first entry of that epoch whose bytes are there.
async fn min_seq(conn: &Conn, log: LogId) -> Result<u64, StoreError> {
    let statement = conn.sql(
        "SELECT min_seq FROM audit_head WHERE tenant_id = $1 AND epoch = $2",
        [log.tenant.into(), log.epoch.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| refused("the epoch has no head; verify the log"))?;
    let seq: i64 = row.try_get_by_index(0)?;
    Ok(seq.unsigned_abs())
}

async fn note(conn: &Conn, removal: &Removal, count: u64) -> Result<(), StoreError> {
    let values: [Value; 4] = [
        number(count)?.into(),
        removal.tenant_id.into(),
        removal.epoch.into(),
        removal.seq.into(),
    ];
    let statement = conn.sql(
        "UPDATE audit_removal SET removed = removed + $1 \
         WHERE tenant_id = $2 AND epoch = $3 AND seq = $4",
        values,
    );
    conn.execute_raw(statement).await?;
    Ok(())
}
