//! What the entries of a log say of retention.

use std::collections::BTreeMap;

use audit::{
    canon,
    entry::EntryRef,
    retention::{Holds, PRUNE, Permit, Permits, PruneKind},
    value::Value,
};
use sea_orm::ConnectionTrait;

use super::{Carried, refused};
use crate::{StoreError, Tx, conn::Conn, ledger::LogId, log::FIRST_EPOCH, sequence};

/// The entries that speak of it; in the words of the index over them.
const OF_RETENTION: &str =
    "action IN ('audit.hold.clear', 'audit.hold.set', 'audit.prune', 'audit.redact')";
/// Entries in one statement.
const PAGE: usize = 500;

/// What the entries of a log say of retention. Worth as much as the log: whoever verifies checks the chain, too.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// What may be missing.
    pub(crate) permits: Permits,
    /// What must stay.
    pub(crate) holds: Holds,
    /// What the newest prune of entries says of those that went.
    pub(crate) carried: Carried,
    /// Prunes by the plan that was agreed to.
    pub(super) plans: BTreeMap<String, u64>,
}

impl History {
    /// Reads it. Bytes that are no entry, or one of another place, say nothing; verification reports them.
    pub(crate) async fn read(conn: &Conn, log: LogId) -> Result<Self, StoreError> {
        let mut history = Self::default();
        let mut from = Some(0_i64);
        while let Some(next) = from.take() {
            let statement = conn.sql(
                &format!(
                    "SELECT seq, raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 \
                     AND seq >= $3 AND {OF_RETENTION} ORDER BY seq LIMIT {PAGE}"
                ),
                [log.tenant.into(), log.epoch.into(), next.into()],
            );
            let rows = conn.query_all_raw(statement).await?;
            for row in &rows {
                let (seq, raw): (i64, Vec<u8>) =
                    (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                history.add(log, seq, &raw);
                from = (rows.len() == PAGE).then_some(seq + 1);
            }
        }
        Ok(history)
    }

    fn add(&mut self, log: LogId, seq: i64, raw: &[u8]) {
        let Ok(entry) = EntryRef::parse(raw) else {
            return;
        };
        let is_here = u64::try_from(seq) == Ok(entry.seq);
        if !is_here || entry.tenant != log.tenant.uuid().to_string() {
            return;
        }
        self.holds.add(&entry);
        let Some(permit) = Permit::of(&entry) else {
            return;
        };
        if let (PRUNE, Ok(Value::Object(meta))) =
            (entry.action, canon::parse(entry.meta.as_bytes()))
        {
            if let Some(Value::String(plan)) = meta.get("plan") {
                self.plans.insert(plan.clone(), entry.seq);
            }
            let of_entries = matches!(&permit, Permit::Prune(p) if p.kind == PruneKind::Entries);
            if of_entries {
                self.carried = Carried::of(&meta);
            }
        }
        self.permits.add(permit);
    }

    /// Refuses to go on if the stored holds are not those of the entries: then one or the other was altered, and
    /// nothing may be deleted by either.
    pub(super) async fn check_holds(&self, conn: &Conn, log: LogId) -> Result<(), StoreError> {
        let statement = conn.sql(
            "SELECT seq, first_seq, until_seq, cleared_seq FROM audit_hold \
             WHERE tenant_id = $1 AND epoch = $2 ORDER BY seq",
            [log.tenant.into(), log.epoch.into()],
        );
        let rows = conn.query_all_raw(statement).await?;
        let stored = rows.iter().map(|row| {
            let bounds: (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let ends: (Option<i64>, Option<i64>) =
                (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
            Ok((bounds, ends))
        });
        let stored: Result<Vec<_>, StoreError> = stored.collect();
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let stated = self.holds.all().iter().map(|hold| {
            let ends = (hold.until.map(number), hold.cleared.map(number));
            ((number(hold.seq), number(hold.first)), ends)
        });
        if stated.eq(stored?) {
            return Ok(());
        }
        Err(refused(
            "the stored holds are not those that the log states; verify the log",
        ))
    }
}

/// A log whose head is locked, with its history.
pub(super) struct Locked {
    pub(super) head: entity::audit_head::Model,
    pub(super) log: LogId,
    pub(super) history: History,
}

impl Locked {
    /// Numbers begin anew with every epoch: those of another one must not be taken for this one's.
    pub(super) fn check_epoch(&self, meant: Option<i32>) -> Result<(), StoreError> {
        let newest = self.log.epoch;
        if meant.unwrap_or(FIRST_EPOCH) == newest {
            return Ok(());
        }
        let message = format!("the log is in epoch {newest}, and only its entries can be redacted");
        Err(StoreError::invalid("epoch", message))
    }

    /// How many entries there are: the number of the next one.
    pub(super) fn size(&self) -> u64 {
        self.head.size.unsigned_abs()
    }

    /// The first entry whose bytes are there.
    pub(super) fn first(&self) -> u64 {
        self.head.min_seq.unsigned_abs()
    }
}

impl Tx {
    /// Locks the log, so that its holds and what is announced stay as they are until the commit.
    pub(super) async fn lock_history(&self) -> Result<Locked, StoreError> {
        let head = sequence::lock_head(self.conn(), self.tenant()).await?;
        let log = LogId {
            tenant: self.tenant(),
            epoch: head.epoch,
        };
        let history = History::read(self.conn(), log).await?;
        history.check_holds(self.conn(), log).await?;
        Ok(Locked { head, log, history })
    }
}
