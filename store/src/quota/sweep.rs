//! Ending reservations whose lease is over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::{TenantId, Text};
use policy::QuotaMetric;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{StoreError, system::SystemTx};

#[derive(Debug, FromQueryResult)]
struct Expired {
    tenant_id: TenantId,
    metric: Text<QuotaMetric>,
    period_start: DateTime<Utc>,
    amount: i64,
}

impl SystemTx {
    /// Gives back up to `limit` reservations whose lease is over at `now`; says how many.
    ///
    /// Those of uploads are left to the uploads: closing one also rejects its file and tells its
    /// tenant, and a file being verified may take longer than any lease.
    ///
    /// # Errors
    /// As the database says.
    pub async fn sweep_leases(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let expired = self.expire_leases(now, limit).await?;
        let mut sums: BTreeMap<_, i64> = BTreeMap::new();
        for row in &expired {
            let key = (row.tenant_id, row.metric.as_str(), row.period_start);
            *sums.entry(key).or_default() += row.amount;
        }
        // In the order of the keys, so that two sweepers cannot wait for each other in a ring.
        for ((tenant, metric, period_start), amount) in sums {
            let statement = self.conn().sql(
                "UPDATE usage_counter SET reserved = reserved - $4 \
                 WHERE tenant_id = $1 AND metric = $2 AND period_start = $3",
                [
                    tenant.into(),
                    metric.into(),
                    period_start.into(),
                    amount.into(),
                ],
            );
            self.conn().execute_raw(statement).await?;
        }
        Ok(expired.len() as u64)
    }

    async fn expire_leases(
        &self,
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Expired>, StoreError> {
        let lock = if self.conn().is_postgres() {
            "FOR UPDATE OF r SKIP LOCKED"
        } else {
            ""
        };
        let sql = format!(
            "WITH due (due_tenant, due_id) AS MATERIALIZED ( \
               SELECT r.tenant_id, r.id FROM reservation r \
               WHERE r.state = 'held' AND r.lease_until <= $1 AND NOT EXISTS ( \
                 SELECT 1 FROM upload u \
                 WHERE u.tenant_id = r.tenant_id AND u.reservation_id = r.id) \
               ORDER BY r.lease_until LIMIT {limit} {lock}) \
             UPDATE reservation SET state = 'expired' FROM due \
             WHERE tenant_id = due_tenant AND id = due_id AND state = 'held' \
             RETURNING tenant_id, metric, period_start, amount"
        );
        let statement = self.conn().sql(&sql, [now.into()]);
        Ok(Expired::find_by_statement(statement)
            .all(self.conn())
            .await?)
    }
}
