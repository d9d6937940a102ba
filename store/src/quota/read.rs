//! Where a tenant stands.

use chrono::{DateTime, Utc};
use entity::{TenantId, Text};
use policy::{QuotaMetric, Tier};
use sea_orm::FromQueryResult;

use super::{Slot, counter::recent, flow_period, limit_value};
use crate::{Store, StoreError, View, conn::Conn};

/// Where a tenant stands with one metric. Unit: that of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaRow {
    /// What is counted.
    pub metric: QuotaMetric,
    /// The most there may be.
    pub limit: i64,
    /// The most its tier gives.
    pub tier_limit: i64,
    /// Whether the limit is the tenant's own, not its tier's.
    pub is_override: bool,
    /// Used, the trash included. API calls may stand above the limit.
    pub used: i64,
    /// Held by reservations.
    pub held: i64,
    /// The part of `used` that is in the trash.
    pub trash: i64,
    /// What can still be reserved; zero when the limit is passed.
    pub available: i64,
    /// Start and end of the present period; levels have none.
    pub period: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    tier: Text<Tier>,
    period_anchor_at: DateTime<Utc>,
    metric: Option<Text<QuotaMetric>>,
    period_start: Option<DateTime<Utc>>,
    limit_value: Option<i64>,
    used: Option<i64>,
    reserved: Option<i64>,
    trash: Option<i64>,
    /// The tenant's own limit; in a row of its own.
    own: Option<i64>,
}

impl View<'_> {
    /// All metrics, in the order of [`QuotaMetric::ALL`], in one statement. What nobody has used yet
    /// is shown with the limit it would have.
    ///
    /// # Errors
    /// As the database says.
    pub async fn quotas(&self) -> Result<Vec<QuotaRow>, StoreError> {
        quotas(self.store(), self.conn(), self.tenant(), self.now()).await
    }
}

/// As [`View::quotas`], for whoever has a connection that may see the tenant.
pub(super) async fn quotas(
    store: &Store,
    conn: &Conn,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Vec<QuotaRow>, StoreError> {
    let statement = conn.sql(
        "SELECT t.tier, t.period_anchor_at, c.metric, c.period_start, c.limit_value, c.used, \
         c.reserved, c.trash, c.own FROM tenant t LEFT JOIN ( \
           SELECT tenant_id, metric, period_start, limit_value, used, reserved, trash, \
           CAST(NULL AS bigint) AS own FROM usage_counter \
           WHERE tenant_id = $1 AND (period_start > $2 OR period_start = $3) \
           UNION ALL SELECT tenant_id, metric, NULL, NULL, NULL, NULL, NULL, limit_value \
           FROM quota_override WHERE tenant_id = $1 \
         ) c ON c.tenant_id = t.id WHERE t.id = $1",
        [
            tenant.into(),
            recent(now).into(),
            DateTime::<Utc>::UNIX_EPOCH.into(),
        ],
    );
    let rows = Row::find_by_statement(statement).all(conn).await?;
    let metrics = QuotaMetric::ALL.iter();
    let quotas = metrics.map(|metric| {
        let own = rows.iter().filter(|row| row.is_of(*metric));
        let own = own.filter_map(|row| row.own).next();
        quota(store, *metric, &rows, own, now)
    });
    quotas.collect()
}

fn quota(
    store: &Store,
    metric: QuotaMetric,
    rows: &[Row],
    own: Option<i64>,
    now: DateTime<Utc>,
) -> Result<QuotaRow, StoreError> {
    let tenant = rows
        .first()
        .ok_or(StoreError::NotFound(crate::Noun::Tenant))?;
    let anchor = tenant.period_anchor_at;
    let slot = Slot::current(metric, anchor, now)?;
    let row = rows.iter().find(|row| row.slot() == Some(slot));
    let tier_limit = limit_value(store.tiers().limits(tenant.tier.0).limit(metric));
    let limit = row
        .and_then(|row| row.limit_value)
        .unwrap_or_else(|| own.unwrap_or(tier_limit));
    let used = row.and_then(|row| row.used).unwrap_or(0);
    let held = row.and_then(|row| row.reserved).unwrap_or(0);
    let period = metric.is_flow().then(|| flow_period(anchor, now));
    Ok(QuotaRow {
        metric,
        limit,
        tier_limit,
        is_override: own.is_some(),
        used,
        held,
        trash: row.and_then(|row| row.trash).unwrap_or(0),
        available: limit.saturating_sub(used.saturating_add(held)).max(0),
        period: period.transpose()?,
    })
}

impl Row {
    fn is_of(&self, metric: QuotaMetric) -> bool {
        self.metric.is_some_and(|own| own.0 == metric)
    }

    fn slot(&self) -> Option<Slot> {
        Some(Slot {
            metric: self.metric?.0,
            period_start: self.period_start?,
        })
    }
}
