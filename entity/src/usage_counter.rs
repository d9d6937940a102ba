//! What a tenant has used and holds of one metric in one period.

use policy::QuotaMetric;
use sea_orm::entity::prelude::*;

use crate::{TenantId, Text};

/// What a tenant has used and holds of one metric in one period.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_counter")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The metric.
    #[sea_orm(primary_key, auto_increment = false)]
    pub metric: Text<QuotaMetric>,
    /// Start of the period; the epoch for levels. Part of the table's key, which this model leaves
    /// out because rows change by conditional updates only, never through an active model.
    pub period_start: DateTimeUtc,
    /// The most that may be used and held.
    pub limit_value: i64,
    /// Committed.
    pub used: i64,
    /// Held.
    pub reserved: i64,
    /// Part of `used` that is in the trash.
    pub trash: i64,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
