//! A log's signing key, its seed sealed under the master key.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// A log's signing key, its seed sealed under the master key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_key")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Which epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i32,
    /// Number of the key, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_no: i32,
    /// Which master key seals it.
    pub master_no: i32,
    /// The sealed seed.
    pub sealed: Vec<u8>,
    /// Ed25519 public key.
    pub public: Vec<u8>,
    /// When it came into use.
    pub created_at: DateTimeUtc,
    /// When it was replaced.
    pub retired_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
