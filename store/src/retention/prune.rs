//! Prunes: what is older than the log's policy goes, as planned and agreed to.

use audit::retention::{Plan, PruneKind};
use chrono::TimeDelta;
use entity::TenantId;
use policy::Action;
use sea_orm::{ConnectionTrait, Value};

use super::{plan::PruneRequest, plan::Scoped, refused};
use crate::{
    Actor, ConflictCode, Receipt, Store, StoreError, Tx,
    event::{Pruned, class::Public},
    log::PAYLOAD_DAYS,
    system::Duty,
};

/// A prune that is in the log.
#[derive(Debug)]
pub struct PruneBegun {
    /// Its entry.
    pub seq: u64,
    /// What was recorded; `None` when the plan was agreed to before.
    pub receipt: Option<Receipt>,
}

impl Store {
    /// Agrees to a plan: the entry that says so is in the log and signed when this returns, and what it names goes
    /// soon after. Agreed to twice, it happens once.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::Conflict`] when the plan is not today's any more, or takes nothing, or
    /// the log is not in order.
    pub async fn execute_prune(
        &self,
        actor: &Actor,
        request: PruneRequest,
        plan_hash: &str,
    ) -> Result<PruneBegun, StoreError> {
        self.permit(actor, Action::AuditPrune)?;
        let plan = self.plan_prune(actor.tenant, request).await?;
        let tx = self.begin(actor, Action::AuditPrune).await?;
        tx.prune(request, &plan, plan_hash).await
    }

    /// As [`Self::execute_prune`], for whoever holds the machine.
    ///
    /// # Errors
    /// As [`Self::execute_prune`].
    pub async fn execute_prune_by_duty(
        &self,
        tenant: TenantId,
        request: PruneRequest,
        plan_hash: &str,
    ) -> Result<PruneBegun, StoreError> {
        let plan = self.plan_prune(tenant, request).await?;
        let tx = self.begin_duty(Duty::Retention, tenant).await?;
        tx.prune(request, &plan, plan_hash).await
    }

    /// Logs behind `after`, in the order of their ids, whose oldest disclosure is older than every log's policy.
    ///
    /// # Errors
    /// As the database says.
    pub async fn logs_with_old_disclosures(
        &self,
        after: Option<TenantId>,
        limit: u64,
    ) -> Result<Vec<TenantId>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let behind = after.map_or("", |_| "AND h.tenant_id > $2");
        // The sub-query is compared, not joined by: behind row-level security a join on one reads the whole of
        // `audit_entry`.
        let sql = format!(
            "SELECT h.tenant_id FROM audit_head h WHERE h.state = 'ok' {behind} AND \
             (SELECT e.sequenced_at FROM audit_disclosure d LEFT JOIN audit_entry e \
              ON e.tenant_id = d.tenant_id AND e.epoch = d.epoch AND e.seq = d.seq \
              WHERE d.tenant_id = h.tenant_id AND d.epoch = h.epoch ORDER BY d.seq LIMIT 1) < $1 \
             ORDER BY h.tenant_id LIMIT {limit}"
        );
        let old = self.now() - TimeDelta::days(PAYLOAD_DAYS.into());
        let mut values: Vec<Value> = vec![old.into()];
        values.extend(after.map(Value::from));
        let rows = conn.query_all_raw(conn.sql(&sql, values)).await?;
        rows.iter()
            .map(|row| Ok(row.try_get("", "tenant_id")?))
            .collect()
    }

    /// Prunes the disclosures that are older than the log's own policy. `None` when there are none.
    ///
    /// # Errors
    /// As [`Self::execute_prune`].
    pub async fn prune_by_policy(
        &self,
        tenant: TenantId,
    ) -> Result<Option<PruneBegun>, StoreError> {
        let request = PruneRequest {
            kind: PruneKind::Payload,
            days: None,
        };
        let plan = self.plan_prune(tenant, request).await?;
        if plan.is_empty() {
            return Ok(None);
        }
        let tx = self.begin_duty(Duty::Retention, tenant).await?;
        let hash = plan.hash().to_hex();
        tx.prune(request, &plan, &hash).await.map(Some)
    }
}

impl Tx {
    async fn prune(
        self,
        request: PruneRequest,
        plan: &Plan,
        plan_hash: &str,
    ) -> Result<PruneBegun, StoreError> {
        let locked = self.lock_history().await?;
        if let Some(seq) = locked.history.plans.get(plan_hash) {
            return Ok(PruneBegun {
                seq: *seq,
                receipt: None,
            });
        }
        let (conn, log, head) = (self.conn(), locked.log, &locked.head);
        let scoped = Scoped::open(conn, log, head, &locked.history, request, self.now()).await?;
        let is_same = (scoped.first, &scoped.reach) == (plan.first, &plan.reach);
        if plan.hash().to_hex() != plan_hash || !is_same {
            return Err(StoreError::conflict(
                ConflictCode::Expired,
                "the plan is not the one for today any more; make another one",
            ));
        }
        if plan.is_empty() {
            return Err(refused("there is nothing to prune"));
        }
        let carried = match plan.kind {
            PruneKind::Payload => None,
            PruneKind::Entries => {
                let carried = locked.history.carried.clone();
                Some(carried.before(conn, log, plan.reach.until).await?)
            }
        };
        self.announce(&locked, plan.kind.as_str()).await?;
        let event = Pruned {
            kind: Public(plan.kind.as_str()),
            until: Public(plan.reach.until),
            before: Public(plan.before.to_string()),
            held: Public(plan.reach.held.clone()),
            plan: Public(plan_hash.to_owned()),
            days: Public(plan.days.into()),
            entries: Public(plan.entries),
            disclosures: Public(plan.disclosures),
            policy: Public(carried.as_ref().and_then(|carried| carried.policy)),
            keys: Public(carried.map(|carried| carried.keys)),
        };
        let seq = locked.size();
        let receipt = self.commit_appended(locked.head, event).await?;
        Ok(PruneBegun {
            seq,
            receipt: Some(receipt),
        })
    }
}
