//! Projection of an entry's targets, for looking entries up by what they touched.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// Projection of an entry's targets, for looking entries up by what they touched.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_target")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Which epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i32,
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Place in the entry's list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// Projection of `raw`.
    pub target_type: String,
    /// Projection of `raw`.
    pub target_id: Uuid,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
