//! The key that states when a log had which head, its seed sealed under the master key.

use sea_orm::entity::prelude::*;

/// The key that states when a log had which head, its seed sealed under the master key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_cosigner")]
pub struct Model {
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
}

/// It belongs to the deployment, so there is nothing to join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
