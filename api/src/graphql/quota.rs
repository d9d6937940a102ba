//! Where a tenant stands with its quotas.

use async_graphql::SimpleObject;
use store::quota::QuotaRow;

use super::{
    scalar::{BigInt, DateTime},
    word::QuotaMetric,
};

/// Where a tenant stands with one metric; `limit = used + held + available` while it is kept.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Quota {
    /// What is counted.
    metric: QuotaMetric,
    /// The most there may be. It may be lower than what is used, after it was lowered: then nothing new is accepted.
    limit: BigInt,
    /// The most that the plan gives.
    tier_limit: BigInt,
    /// Whether the limit is one of the tenant's own, in place of the plan's.
    is_override: bool,
    /// What is used, the trash included.
    used: BigInt,
    /// What is reserved and not settled yet, such as the declared size of an upload on its way.
    held: BigInt,
    /// The part of `used` that is in the trash; a purge frees it.
    trash: BigInt,
    /// What can still be reserved.
    available: BigInt,
    /// When the present period began; null for a level, which has none.
    period_start: Option<DateTime>,
    /// When the next period begins; null for a level.
    period_end: Option<DateTime>,
}

impl From<QuotaRow> for Quota {
    fn from(row: QuotaRow) -> Self {
        Self {
            metric: row.metric.into(),
            limit: row.limit.into(),
            tier_limit: row.tier_limit.into(),
            is_override: row.is_override,
            used: row.used.into(),
            held: row.held.into(),
            trash: row.trash.into(),
            available: row.available.into(),
            period_start: row.period.map(|(start, _)| start.into()),
            period_end: row.period.map(|(_, end)| end.into()),
        }
    }
}
