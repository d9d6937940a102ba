//! What becomes of storage that is used: into the trash, out of it, gone.

use policy::QuotaMetric;

use super::Slot;
use crate::{StoreError, Tx};

impl Tx {
    /// Gives back `amount` of a level that was used, such as a removed member's place.
    ///
    /// # Errors
    /// When less than that is used: the ledger would be wrong, so nothing changes.
    pub async fn free(&self, metric: QuotaMetric, amount: i64) -> Result<(), StoreError> {
        if metric.is_flow() {
            return Err(StoreError::internal("what has flowed does not come back"));
        }
        let sql = "UPDATE usage_counter SET used = used - $4 \
                   WHERE tenant_id = $1 AND metric = $2 AND period_start = $3 \
                   AND $4 >= 0 AND used - trash >= $4";
        self.on_level(metric, sql, amount).await
    }

    /// Counts `bytes` that are used as trash; they stay used.
    ///
    /// # Errors
    /// As [`Self::free`].
    pub async fn move_to_trash(&self, bytes: i64) -> Result<(), StoreError> {
        let sql = "UPDATE usage_counter SET trash = trash + $4 \
                   WHERE tenant_id = $1 AND metric = $2 AND period_start = $3 \
                   AND $4 >= 0 AND used - trash >= $4";
        self.on_level(QuotaMetric::StorageBytes, sql, bytes).await
    }

    /// Counts `bytes` of the trash as ordinary use again.
    ///
    /// # Errors
    /// As [`Self::free`].
    pub async fn move_from_trash(&self, bytes: i64) -> Result<(), StoreError> {
        let sql = "UPDATE usage_counter SET trash = trash - $4 \
                   WHERE tenant_id = $1 AND metric = $2 AND period_start = $3 \
                   AND $4 >= 0 AND trash >= $4";
        self.on_level(QuotaMetric::StorageBytes, sql, bytes).await
    }

    /// Gives back `bytes` that are in the trash.
    ///
    /// # Errors
    /// As [`Self::free`].
    pub async fn free_trash(&self, bytes: i64) -> Result<(), StoreError> {
        let sql = "UPDATE usage_counter SET used = used - $4, trash = trash - $4 \
                   WHERE tenant_id = $1 AND metric = $2 AND period_start = $3 \
                   AND $4 >= 0 AND trash >= $4";
        self.on_level(QuotaMetric::StorageBytes, sql, bytes).await
    }

    async fn on_level(
        &self,
        metric: QuotaMetric,
        sql: &str,
        amount: i64,
    ) -> Result<(), StoreError> {
        let slot = Slot::level(metric);
        if self.on_counter(slot, sql, [amount]).await? {
            return Ok(());
        }
        if amount == 0 {
            // No row yet, and nothing to move on it.
            return Ok(());
        }
        Err(StoreError::internal(format!(
            "{metric}: {amount} is more than the ledger has"
        )))
    }
}
