//! A legal hold on a log, as its entries have it.

use sea_orm::entity::prelude::*;

use crate::{HoldId, TenantId};

/// A legal hold on a log, as its entries have it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_hold")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The hold.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HoldId,
    /// Which epoch.
    pub epoch: i32,
    /// The entry that set it.
    pub seq: i64,
    /// The first entry held.
    pub first_seq: i64,
    /// The first entry behind that is not; null holds what is yet to come, too.
    pub until_seq: Option<i64>,
    /// The entry that lifted it.
    pub cleared_seq: Option<i64>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
