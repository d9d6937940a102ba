//! The rows of the ledger: made when first needed, limits following the tier.

use chrono::{DateTime, TimeDelta, Utc};
use entity::TenantId;
use policy::{QuotaMetric, Tier, Tiers};
use sea_orm::{ConnectionTrait, Value};

use super::{Slot, limit_value};
use crate::{StoreError, Tx, conn::Conn};

impl Tx {
    /// Makes the new tenant's rows with the limits of `tier`. The tenant's own row must exist.
    ///
    /// # Errors
    /// As the database says.
    pub(crate) async fn create_counters(&self, tier: Tier) -> Result<(), StoreError> {
        let anchor = self.tenant_record().await?.period_anchor_at;
        for metric in QuotaMetric::ALL {
            let slot = Slot::current(*metric, anchor, self.now())?;
            add(self.conn(), self.store().tiers(), self.tenant(), slot, 0).await?;
        }
        self.apply_tier_limits(tier).await
    }

    /// Gives the tenant's present rows the limits of `tier`, except where it has a limit of its own; what is used
    /// and held stays, also where it is above the new limit.
    ///
    /// # Errors
    /// As the database says.
    pub async fn apply_tier_limits(&self, tier: Tier) -> Result<(), StoreError> {
        let limits = self.store().tiers().limits(tier);
        let mut values: Vec<Value> = vec![self.tenant().into(), recent(self.now()).into()];
        values.push(Slot::level(QuotaMetric::StorageBytes).period_start.into());
        let mut cases = String::new();
        for metric in QuotaMetric::ALL {
            values.push(metric.as_str().into());
            values.push(limit_value(limits.limit(*metric)).into());
            let n = values.len();
            cases.push_str(&format!("WHEN ${} THEN ${n} ", n - 1));
        }
        let sql = format!(
            "UPDATE usage_counter SET limit_value = CASE metric {cases}ELSE limit_value END \
             WHERE tenant_id = $1 AND (period_start > $2 OR period_start = $3) \
             AND NOT EXISTS (SELECT 1 FROM quota_override o \
             WHERE o.tenant_id = $1 AND o.metric = usage_counter.metric)"
        );
        self.conn()
            .execute_raw(self.conn().sql(&sql, values))
            .await?;
        Ok(())
    }

    pub(super) async fn ensure_counter(&self, slot: Slot) -> Result<(), StoreError> {
        add(self.conn(), self.store().tiers(), self.tenant(), slot, 0).await
    }
}

/// Adds `n` to what the row has used, making the row with the tenant's own limit or that of its present tier if
/// there is none. Any number of writers may do so at once.
pub(super) async fn add(
    conn: &Conn,
    tiers: &Tiers,
    tenant: TenantId,
    slot: Slot,
    n: i64,
) -> Result<(), StoreError> {
    let mut values: Vec<Value> = slot.key(tenant).into();
    values.push(n.into());
    let statement = conn.sql(
        "UPDATE usage_counter SET used = used + $4 \
         WHERE tenant_id = $1 AND metric = $2 AND period_start = $3",
        values.clone(),
    );
    if conn.execute_raw(statement).await?.rows_affected() == 1 {
        return Ok(());
    }
    if conn.is_postgres() {
        // A change of the limits holds this lock until its commit. In a statement of its own, so that the next one
        // sees what was committed: else a row of the new period could be made with the limit of before.
        let lock = conn.sql(
            "SELECT 1 FROM tenant WHERE id = $1 FOR SHARE",
            [tenant.into()],
        );
        conn.execute_raw(lock).await?;
    }
    let mut cases = String::new();
    for tier in Tier::ALL {
        values.push(tier.as_str().into());
        values.push(limit_value(tiers.limits(*tier).limit(slot.metric)).into());
        let n = values.len();
        cases.push_str(&format!("WHEN ${} THEN ${n} ", n - 1));
    }
    let sql = format!(
        "INSERT INTO usage_counter (tenant_id, metric, period_start, limit_value, used) \
         SELECT t.id, $2, $3, COALESCE((SELECT o.limit_value FROM quota_override o \
         WHERE o.tenant_id = t.id AND o.metric = $2), CASE t.tier {cases}END), $4 \
         FROM tenant t WHERE t.id = $1 \
         ON CONFLICT (tenant_id, metric, period_start) \
         DO UPDATE SET used = usage_counter.used + excluded.used"
    );
    conn.execute_raw(conn.sql(&sql, values)).await?;
    Ok(())
}

/// Every present period began after this.
pub(super) fn recent(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(32)
}
