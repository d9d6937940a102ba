//! A limit of a tenant's own, in place of its tier's.

use policy::QuotaMetric;
use sea_orm::entity::prelude::*;

use crate::{OperatorId, TenantId, Text};

/// A limit of a tenant's own, in place of its tier's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quota_override")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The metric.
    #[sea_orm(primary_key, auto_increment = false)]
    pub metric: Text<QuotaMetric>,
    /// The most that may be used and held.
    pub limit_value: i64,
    /// The operator who set it.
    pub set_by: OperatorId,
    /// When.
    pub set_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
