//! Calls of API keys: counted in memory, written now and then.

use chrono::{DateTime, Utc};
use entity::{TenantId, Text};
use policy::{QuotaMetric, Tier};
use sea_orm::FromQueryResult;

use super::{Slot, counter, flow_period, limit_value};
use crate::{
    Noun, Store, StoreError,
    system::Reason,
    tx::{TenantCheck, enter_tenant},
};

/// Calls that were counted and not written yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiCalls {
    /// Whose.
    pub tenant: TenantId,
    /// The period they fell in, as [`ApiCallBalance::period_start`] gave it.
    pub period_start: DateTime<Utc>,
    /// How many.
    pub calls: i64,
}

/// Where a tenant stands with its API calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiCallBalance {
    /// Written so far in this period.
    pub used: i64,
    /// How many there may be.
    pub limit: i64,
    /// Start of the present period.
    pub period_start: DateTime<Utc>,
    /// Start of the next one.
    pub period_end: DateTime<Utc>,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    tier: Text<Tier>,
    period_anchor_at: DateTime<Utc>,
    period_start: Option<DateTime<Utc>>,
    limit_value: Option<i64>,
    own: Option<i64>,
    used: Option<i64>,
}

impl Store {
    /// Adds counted calls to the ledger, all or none, in a commit of its own. It records what
    /// happened: nothing is refused for being over the limit. Not idempotent.
    ///
    /// # Errors
    /// As the database says; then nothing was added.
    pub async fn add_api_calls(&self, counted: &[ApiCalls]) -> Result<(), StoreError> {
        let tx = self.begin_system(Reason::CounterFlush).await?;
        let mut counted = counted.to_vec();
        // In one order, so that two processes cannot wait for each other in a ring.
        counted.sort_unstable_by_key(|calls| (calls.tenant, calls.period_start));
        for calls in counted {
            let slot = Slot {
                metric: QuotaMetric::ApiCalls,
                period_start: calls.period_start,
            };
            counter::add(tx.conn(), self.tiers(), calls.tenant, slot, calls.calls).await?;
        }
        tx.commit_without_event().await
    }

    /// What is written of a tenant's calls in the present period.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such tenant.
    pub async fn api_call_balance(&self, tenant: TenantId) -> Result<ApiCallBalance, StoreError> {
        let conn = self.database().begin_read().await?;
        enter_tenant(&conn, tenant, TenantCheck::None).await?;
        let now = self.now();
        let statement = conn.sql(
            "SELECT t.tier, t.period_anchor_at, c.period_start, c.limit_value, c.used, \
             (SELECT o.limit_value FROM quota_override o \
             WHERE o.tenant_id = t.id AND o.metric = $2) AS own \
             FROM tenant t LEFT JOIN usage_counter c \
             ON c.tenant_id = t.id AND c.metric = $2 AND c.period_start > $3 WHERE t.id = $1",
            [
                tenant.into(),
                QuotaMetric::ApiCalls.as_str().into(),
                counter::recent(now).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&conn).await?;
        let first = rows.first().ok_or(StoreError::NotFound(Noun::Tenant))?;
        let (period_start, period_end) = flow_period(first.period_anchor_at, now)?;
        let row = rows
            .iter()
            .find(|row| row.period_start == Some(period_start));
        let tier_limit = self.tiers().limits(first.tier.0).api_calls;
        Ok(ApiCallBalance {
            used: row.and_then(|row| row.used).unwrap_or(0),
            limit: row
                .and_then(|row| row.limit_value)
                .or(first.own)
                .unwrap_or_else(|| limit_value(tier_limit)),
            period_start,
            period_end,
        })
    }
}
