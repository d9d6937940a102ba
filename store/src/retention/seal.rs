//! The last prune of a log whose tenant is purged: every disclosure goes, whatever its age.
//!
//! The log's policy is a promise to the tenant of how long nothing goes. It ends with the tenant; the entry says so by
//! its zero days and by the plan of the purge.

use audit::retention::PruneKind;
use entity::{TenantId, audit_removal};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use super::{Removal, Step, refused};
use crate::{
    Store, StoreError, Tx,
    event::{Pruned, class::Public},
    ledger::LogId,
    outbox,
    system::Duty,
    tx::TenantCheck,
};

/// What sealing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealing {
    /// Somebody else comes first: the sequencer, or who keeps the entry outside.
    Waiting,
    /// So many entries were appended or disclosures deleted; there may be more.
    More(u64),
    /// Nothing waits in the outbox, and the newest epoch has no disclosure.
    Sealed,
}

impl Store {
    /// One step towards a log without disclosures; `plan` is the hash of the purge's plan.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the log is not in order or something of it is held.
    pub(crate) async fn seal_log(
        &self,
        tenant: TenantId,
        plan: &str,
        anchored: bool,
    ) -> Result<Sealing, StoreError> {
        if self.waits_in_outbox(tenant).await? {
            let pass = self.sequence_once().await?;
            return Ok(match pass.entries {
                0 => Sealing::Waiting,
                entries => Sealing::More(entries),
            });
        }
        if let Some(removal) = self.open_removal(tenant).await? {
            return Ok(match self.remove_batch(&removal, anchored).await? {
                Step::Waiting => Sealing::Waiting,
                Step::More(count) => Sealing::More(count),
                Step::Done => Sealing::More(0),
            });
        }
        let tx = self.begin_duty(Duty::Purge, tenant).await?;
        tx.prune_everything(plan).await
    }

    async fn waits_in_outbox(&self, tenant: TenantId) -> Result<bool, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        let statement = conn.sql(
            "SELECT 1 FROM audit_outbox WHERE tenant_id = $1 LIMIT 1",
            [tenant.into()],
        );
        Ok(conn.query_one_raw(statement).await?.is_some())
    }

    async fn open_removal(&self, tenant: TenantId) -> Result<Option<Removal>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        let statement = conn.sql(
            "SELECT * FROM audit_removal WHERE tenant_id = $1 AND done_at IS NULL \
             ORDER BY epoch, seq LIMIT 1",
            [tenant.into()],
        );
        let found = audit_removal::Model::find_by_statement(statement);
        Ok(found.one(&conn).await?)
    }
}

impl Tx {
    async fn prune_everything(self, plan: &str) -> Result<Sealing, StoreError> {
        let locked = self.lock_history().await?;
        if let Some(hold) = locked.history.holds.all().iter().find(|h| h.is_active()) {
            let seq = hold.seq;
            return Err(refused(format!("the hold set by entry {seq} forbids it")));
        }
        let (entries, disclosures) = self.disclosed(locked.log).await?;
        if disclosures == 0 {
            return Ok(Sealing::Sealed);
        }
        let kind = PruneKind::Payload.as_str();
        self.announce(&locked, kind).await?;
        let event = Pruned {
            kind: Public(kind),
            until: Public(locked.size()),
            before: Public(outbox::time(self.now().max(locked.head.last_ts))?.to_string()),
            held: Public(Vec::new()),
            plan: Public(plan.to_owned()),
            days: Public(0),
            entries: Public(entries),
            disclosures: Public(disclosures),
            keys: Public(None),
            policy: Public(None),
        };
        self.commit_appended(locked.head, event).await?;
        Ok(Sealing::More(1))
    }

    /// Entries with a disclosure, and disclosures.
    async fn disclosed(&self, log: LogId) -> Result<(u64, u64), StoreError> {
        let values: [Value; 2] = [log.tenant.into(), log.epoch.into()];
        let statement = self.conn().sql(
            "SELECT COUNT(DISTINCT seq), COUNT(*) FROM audit_disclosure \
             WHERE tenant_id = $1 AND epoch = $2",
            values,
        );
        let row = self.conn().query_one_raw(statement).await?;
        let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
        let (entries, disclosures): (i64, i64) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok((entries.unsigned_abs(), disclosures.unsigned_abs()))
    }
}
