//! What a prune would take of a log.

use audit::{
    entry::{EntryRef, Time},
    retention::{Plan, PruneKind, Reach, day_before, entries_reach, payload_reach},
};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_head};
use sea_orm::{ConnectionTrait, QueryOrder};

use super::{Carried, History, Policy, refused};
use crate::{
    Noun, Store, StoreError, View,
    conn::Conn,
    ledger::{LogId, OF_KEYS, number},
    log::{FIRST_EPOCH, log_origin},
    outbox,
    tx::{Scope, TenantCheck},
};

/// Which prune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneRequest {
    /// What is to go.
    pub kind: PruneKind,
    /// How old it is at least, in days; `None` for the days of the log's own policy, which are the least.
    pub days: Option<u32>,
}

impl View<'_> {
    /// What a prune would take; nothing is changed.
    ///
    /// # Errors
    /// As [`Store::plan_prune`].
    pub async fn plan_prune(&self, request: PruneRequest) -> Result<Plan, StoreError> {
        plan(self.store(), self, request).await
    }
}

impl Store {
    /// What a prune of the log of `tenant` would take; nothing is changed. Ages are counted in whole days before the
    /// service's own clock.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Invalid`] for fewer days than the log's policy has;
    /// [`StoreError::Conflict`] when the log is not in order, and for entries of the system log, which stay.
    pub async fn plan_prune(
        &self,
        tenant: TenantId,
        request: PruneRequest,
    ) -> Result<Plan, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let scope = Scope::enter(conn.into_conn(), tenant, TenantCheck::None, self.now()).await?;
        plan(self, &scope, request).await
    }
}

async fn plan(store: &Store, scope: &Scope, request: PruneRequest) -> Result<Plan, StoreError> {
    let head = scope
        .find::<audit_head::Entity>()
        .order_by_desc(audit_head::Column::Epoch)
        .one(scope.conn())
        .await?
        .ok_or(StoreError::NotFound(Noun::Tenant))?;
    if head.state != "ok" {
        return Err(refused(format!(
            "nothing is pruned: the log is {}",
            head.state
        )));
    }
    let log = LogId {
        tenant: scope.tenant(),
        epoch: head.epoch,
    };
    let history = History::read(scope.conn(), log).await?;
    history.check_holds(scope.conn(), log).await?;
    let deployment = store.deployment().await.map_err(StoreError::internal)?;
    let scoped = Scoped::open(scope.conn(), log, &head, &history, request, scope.now()).await?;
    let (entries, disclosures) = scoped.counts(scope.conn()).await?;
    Ok(Plan {
        origin: log_origin(&deployment, log.tenant, log.epoch),
        kind: request.kind,
        days: scoped.days,
        before: scoped.before,
        first: scoped.first,
        reach: scoped.reach,
        entries,
        disclosures,
    })
}

/// How far a prune reaches, without counting what it takes: that takes time, and this is asked again under the lock.
#[derive(Debug)]
pub(super) struct Scoped {
    log: LogId,
    kind: PruneKind,
    days: u32,
    before: Time,
    pub(super) first: u64,
    pub(super) reach: Reach,
}

impl Scoped {
    pub(super) async fn open(
        conn: &Conn,
        log: LogId,
        head: &audit_head::Model,
        history: &History,
        request: PruneRequest,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let policy = policy(conn, log, &history.carried).await?;
        let days = days(request, policy)?;
        let before = day_before(outbox::time(now)?, days);
        let (first, size) = (head.min_seq.unsigned_abs(), head.size.unsigned_abs());
        let expired = expired(conn, log, first, size, before).await?;
        let reach = match request.kind {
            PruneKind::Payload => payload_reach(first, expired, &history.holds),
            PruneKind::Entries if log.tenant == TenantId::SYSTEM => {
                return Err(refused(
                    "the system log keeps its entries: other logs rest on them",
                ));
            }
            PruneKind::Entries => {
                let keep = needed(conn, log, size).await?;
                entries_reach(first, expired, size, keep, &history.holds)
            }
        };
        Ok(Self {
            log,
            kind: request.kind,
            days,
            before,
            first,
            reach,
        })
    }

    /// Entries that lose something, and disclosures that go.
    async fn counts(&self, conn: &Conn) -> Result<(u64, u64), StoreError> {
        let statement = conn.sql(
            &format!(
                "SELECT COUNT(*), COUNT(DISTINCT seq) FROM audit_disclosure \
                 WHERE tenant_id = $1 AND epoch = $2 AND seq < $3{}",
                without(&self.reach.held)
            ),
            [
                self.log.tenant.into(),
                self.log.epoch.into(),
                number(self.reach.until)?.into(),
            ],
        );
        let row = conn.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
        let (disclosures, entries): (i64, i64) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let entries = match self.kind {
            PruneKind::Payload => entries.unsigned_abs(),
            PruneKind::Entries => self.reach.until - self.first,
        };
        Ok((entries, disclosures.unsigned_abs()))
    }
}

/// A condition that leaves the held entries out.
pub(super) fn without(held: &[u64]) -> String {
    if held.is_empty() {
        return String::new();
    }
    let held: Vec<String> = held.iter().map(ToString::to_string).collect();
    format!(" AND seq NOT IN ({})", held.join(", "))
}

fn days(request: PruneRequest, policy: Policy) -> Result<u32, StoreError> {
    let least = match request.kind {
        PruneKind::Payload => policy.payload_days,
        PruneKind::Entries => policy.entry_days,
    };
    let days = request.days.unwrap_or(least);
    if days < least {
        let message = format!("days must be {least} or more, as the log's first entry states");
        return Err(StoreError::invalid("days", message));
    }
    Ok(days)
}

async fn policy(conn: &Conn, log: LogId, carried: &Carried) -> Result<Policy, StoreError> {
    let own = carried.clone().before(conn, log, 1).await?;
    own.policy
        .ok_or_else(|| refused("the log states no policy; verify it"))
}

/// The first entry that was sequenced at `before` or later. Times never go back along a log.
async fn expired(
    conn: &Conn,
    log: LogId,
    first: u64,
    size: u64,
    before: Time,
) -> Result<u64, StoreError> {
    let (mut low, mut high) = (first, size);
    while low < high {
        let middle = low + (high - low) / 2;
        if sequenced_at(conn, log, middle).await? < before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// The time in the entry's bytes; the column beside them anybody could have moved unseen until the next verification.
async fn sequenced_at(conn: &Conn, log: LogId, seq: u64) -> Result<Time, StoreError> {
    let statement = conn.sql(
        "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = $3",
        [log.tenant.into(), log.epoch.into(), number(seq)?.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    let raw: Option<Vec<u8>> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    let entry = raw.as_deref().and_then(|raw| EntryRef::parse(raw).ok());
    let entry = entry.ok_or_else(|| refused(format!("entry {seq} is damaged; verify the log")))?;
    Ok(entry.ts)
}

/// The first entry that something still needs: one that announces what is not done, or introduces the key that is
/// taking over; `size` when none is.
async fn needed(conn: &Conn, log: LogId, size: u64) -> Result<u64, StoreError> {
    // The genesis of a later epoch ties the one before to the log, and says what was lost.
    if log.epoch > FIRST_EPOCH {
        return Ok(0);
    }
    let statement = conn.sql(
        &format!(
            "SELECT MIN(seq) FROM (SELECT MIN(seq) AS seq FROM audit_removal \
             WHERE tenant_id = $1 AND epoch = $2 AND done_at IS NULL \
             UNION ALL SELECT MAX(seq) FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 \
             AND {OF_KEYS} AND 1 < (SELECT COUNT(*) FROM audit_key \
             WHERE tenant_id = $1 AND epoch = $2 AND retired_at IS NULL)) AS needed"
        ),
        [log.tenant.into(), log.epoch.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    let seq: Option<i64> = row
        .map(|row| row.try_get_by_index(0))
        .transpose()?
        .flatten();
    Ok(seq.map_or(size, i64::unsigned_abs))
}
