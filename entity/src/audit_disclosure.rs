//! A personal or diff field of an entry, deletable without breaking the chain.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// A personal or diff field of an entry, deletable without breaking the chain.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_disclosure")]
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
    /// Name of the field.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    /// Salted text whose digest is in the entry.
    pub disclosure: String,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
