//! How far the deletion is that an entry of a log announced.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// How far the deletion is that an entry of a log announced.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_removal")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Which epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i32,
    /// The entry that announced it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// `redact`, `payload` or `entries`.
    pub kind: String,
    /// Disclosures, or entries, that are gone so far.
    pub removed: i64,
    /// When it was announced.
    pub begun_at: DateTimeUtc,
    /// When nothing was left to delete.
    pub done_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
