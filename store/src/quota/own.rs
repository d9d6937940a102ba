//! Limits of a tenant's own, in place of its tier's.

use chrono::DateTime;
use entity::TenantId;
use policy::{Action, QuotaMetric};
use sea_orm::{ConnectionTrait, Value};

use super::{QuotaRow, counter::recent, read};
use crate::{
    ConflictCode, Operator, Principal, Receipt, Store, StoreError, Tx,
    event::{
        QuotaOverridden, QuotaOverrideCleared,
        class::{Personal, Public, Target},
    },
    operator::OperatorView,
    tx::{TenantCheck, enter_tenant},
};

impl Store {
    /// Gives a tenant a limit of its own on `metric`, from now on and in every period to come. It may be lower than
    /// what is used: nothing is taken away then, and nothing new is accepted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Invalid`] on `limit`; [`StoreError::Conflict`] when the tenant is closed.
    pub async fn set_quota_override(
        &self,
        operator: &Operator,
        tenant: TenantId,
        metric: QuotaMetric,
        limit: i64,
        reason: String,
    ) -> Result<(QuotaRow, Receipt), StoreError> {
        if limit < 0 {
            return Err(StoreError::invalid("limit", "limit must not be below zero"));
        }
        let tx = self
            .begin_operator(operator, Action::QuotaOverrideSet, tenant)
            .await?;
        tx.lock_open_tenant().await?;
        let before = tx.quota(metric).await?;
        tx.put_override(metric, limit).await?;
        tx.put_limit(metric, limit).await?;
        let event = QuotaOverridden {
            tenant: Target(tenant),
            metric: Public(metric.as_str()),
            limit: Public(limit),
            before: Public(before.limit),
            reason: Personal(reason),
        };
        let after = tx.quota(metric).await?;
        Ok((after, tx.commit(event).await?))
    }

    /// Takes a tenant's own limit away; that of its tier holds again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when there is none, or the tenant is closed.
    pub async fn clear_quota_override(
        &self,
        operator: &Operator,
        tenant: TenantId,
        metric: QuotaMetric,
        reason: Option<String>,
    ) -> Result<(QuotaRow, Receipt), StoreError> {
        let tx = self
            .begin_operator(operator, Action::QuotaOverrideClear, tenant)
            .await?;
        let record = tx.lock_open_tenant().await?;
        let before = tx.quota(metric).await?;
        let statement = tx.conn().sql(
            "DELETE FROM quota_override WHERE tenant_id = $1 AND metric = $2",
            [tenant.into(), metric.as_str().into()],
        );
        if tx.conn().execute_raw(statement).await?.rows_affected() == 0 {
            let message = format!("{metric} has the limit of the tier already");
            return Err(StoreError::conflict(ConflictCode::InvalidState, message));
        }
        tx.apply_tier_limits(record.tier.0).await?;
        let after = tx.quota(metric).await?;
        let event = QuotaOverrideCleared {
            tenant: Target(tenant),
            metric: Public(metric.as_str()),
            limit: Public(after.limit),
            before: Public(before.limit),
            reason: Personal(reason),
        };
        Ok((after, tx.commit(event).await?))
    }
}

impl Tx {
    async fn put_override(&self, metric: QuotaMetric, limit: i64) -> Result<(), StoreError> {
        let Principal::Operator(operator) = self.principal() else {
            return Err(StoreError::Forbidden(Action::QuotaOverrideSet));
        };
        let values: [Value; 5] = [
            self.tenant().into(),
            metric.as_str().into(),
            limit.into(),
            operator.into(),
            self.now().into(),
        ];
        let statement = self.conn().sql(
            "INSERT INTO quota_override (tenant_id, metric, limit_value, set_by, set_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, metric) DO UPDATE \
             SET limit_value = excluded.limit_value, set_by = excluded.set_by, \
             set_at = excluded.set_at",
            values,
        );
        self.conn().execute_raw(statement).await?;
        Ok(())
    }

    /// The row of the present period, if there is one; one that comes later reads the override itself.
    async fn put_limit(&self, metric: QuotaMetric, limit: i64) -> Result<(), StoreError> {
        let values: [Value; 5] = [
            self.tenant().into(),
            metric.as_str().into(),
            limit.into(),
            recent(self.now()).into(),
            DateTime::UNIX_EPOCH.into(),
        ];
        let statement = self.conn().sql(
            "UPDATE usage_counter SET limit_value = $3 WHERE tenant_id = $1 AND metric = $2 \
             AND (period_start > $4 OR period_start = $5)",
            values,
        );
        self.conn().execute_raw(statement).await?;
        Ok(())
    }

    async fn quota(&self, metric: QuotaMetric) -> Result<QuotaRow, StoreError> {
        let rows = read::quotas(self.store(), self.conn(), self.tenant(), self.now()).await?;
        let found = rows.into_iter().find(|row| row.metric == metric);
        found.ok_or_else(|| StoreError::internal("a metric without a quota"))
    }
}

impl OperatorView {
    /// Where a tenant stands with each metric.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn quotas(
        &self,
        store: &Store,
        tenant: TenantId,
    ) -> Result<Vec<QuotaRow>, StoreError> {
        enter_tenant(self.scope.conn(), tenant, TenantCheck::None).await?;
        read::quotas(store, self.scope.conn(), tenant, self.scope.now()).await
    }
}
