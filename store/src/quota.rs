//! The ledger of quotas: what a tenant has used and holds of each metric, exact to the unit.
//!
//! One row per tenant, metric and period; levels have one period that began in 1970. Every number
//! changes by one conditional statement, so that no number of writers takes it over its limit, and
//! at every commit the held reservations of a row add up to its `reserved`. Rows are locked in one
//! order, reservation before counter, so that two changes never wait for each other in a ring.
//!
//! API calls are the exception: they are counted after the fact, so `used` records what happened and
//! may stand above the limit.

mod api_calls;
mod counter;
mod level;
mod own;
mod read;
mod reservation;
mod sweep;

use chrono::{DateTime, Utc};
use entity::TenantId;
use jiff::Timestamp;
use policy::{QuotaMetric, period_at};
use sea_orm::Value;

use crate::{StoreError, Tx};

pub use api_calls::{ApiCallBalance, ApiCalls};
pub use read::QuotaRow;

/// Which row of a tenant's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) metric: QuotaMetric,
    pub(crate) period_start: DateTime<Utc>,
}

impl Slot {
    fn level(metric: QuotaMetric) -> Self {
        Self {
            metric,
            period_start: DateTime::UNIX_EPOCH,
        }
    }

    fn current(
        metric: QuotaMetric,
        anchor: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        if metric.is_flow() {
            let (period_start, _) = flow_period(anchor, now)?;
            Ok(Self {
                metric,
                period_start,
            })
        } else {
            Ok(Self::level(metric))
        }
    }

    /// The row's key: the first three parameters of every statement on it.
    fn key(self, tenant: TenantId) -> [Value; 3] {
        [
            tenant.into(),
            self.metric.as_str().into(),
            self.period_start.into(),
        ]
    }
}

impl Tx {
    /// The row a request on `metric` is judged by now.
    async fn slot(&self, metric: QuotaMetric) -> Result<Slot, StoreError> {
        if metric.is_flow() {
            let tenant = self.tenant_record().await?;
            Slot::current(metric, tenant.period_anchor_at, self.now())
        } else {
            Ok(Slot::level(metric))
        }
    }
}

/// Start and end of the anniversary month that `now` lies in.
///
/// # Errors
/// Times outside the years −9999 to 9999.
pub fn flow_period(
    anchor: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), StoreError> {
    let period = period_at(timestamp(anchor)?, timestamp(now)?);
    Ok((datetime(period.start)?, datetime(period.end)?))
}

fn timestamp(at: DateTime<Utc>) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(at.timestamp_micros()).map_err(StoreError::internal)
}

fn datetime(at: Timestamp) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(at.as_microsecond())
        .ok_or_else(|| StoreError::internal("time out of range"))
}

/// A limit of the tier table as the ledger holds it.
fn limit_value(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
