//! Where a tenant stands.

use chrono::{DateTime, Utc};
use entity::Text;
use policy::{QuotaMetric, Tier};
use sea_orm::FromQueryResult;

use super::{Slot, counter::recent, flow_period, limit_value};
use crate::{StoreError, View};

/// Where a tenant stands with one metric. Unit: that of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaRow {
    /// What is counted.
    pub metric: QuotaMetric,
    /// The most there may be.
    pub limit: i64,
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
}

impl View<'_> {
    /// All metrics, in the order of [`QuotaMetric::ALL`], in one statement. What nobody has used yet
    /// is shown with the limit of the tier.
    ///
    /// # Errors
    /// As the database says.
    pub async fn quotas(&self) -> Result<Vec<QuotaRow>, StoreError> {
        let statement = self.conn().sql(
            "SELECT t.tier, t.period_anchor_at, c.metric, c.period_start, c.limit_value, c.used, \
             c.reserved, c.trash FROM tenant t LEFT JOIN usage_counter c \
             ON c.tenant_id = t.id AND (c.period_start > $2 OR c.period_start = $3) \
             WHERE t.id = $1",
            [
                self.tenant().into(),
                recent(self.now()).into(),
                DateTime::<Utc>::UNIX_EPOCH.into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(self.conn()).await?;
        QuotaMetric::ALL
            .iter()
            .map(|metric| self.quota(*metric, &rows))
            .collect()
    }

    fn quota(&self, metric: QuotaMetric, rows: &[Row]) -> Result<QuotaRow, StoreError> {
        let tenant = rows
            .first()
            .ok_or(StoreError::NotFound(crate::Noun::Tenant))?;
        let anchor = tenant.period_anchor_at;
        let slot = Slot::current(metric, anchor, self.now())?;
        let row = rows.iter().find(|row| row.slot() == Some(slot));
        let tier_limit = self.store().tiers().limits(tenant.tier.0).limit(metric);
        let limit = row
            .and_then(|row| row.limit_value)
            .unwrap_or_else(|| limit_value(tier_limit));
        let used = row.and_then(|row| row.used).unwrap_or(0);
        let held = row.and_then(|row| row.reserved).unwrap_or(0);
        let period = metric.is_flow().then(|| flow_period(anchor, self.now()));
        Ok(QuotaRow {
            metric,
            limit,
            used,
            held,
            trash: row.and_then(|row| row.trash).unwrap_or(0),
            available: limit.saturating_sub(used.saturating_add(held)).max(0),
            period: period.transpose()?,
        })
    }
}

impl Row {
    fn slot(&self) -> Option<Slot> {
        Some(Slot {
            metric: self.metric?.0,
            period_start: self.period_start?,
        })
    }
}
