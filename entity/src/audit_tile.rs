//! A full tile of a log's tree.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// A full tile of a log's tree: 256 hashes of one height. What is not full yet follows from the entries.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_tile")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Which epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i32,
    /// Height in tiles: hashes of leaves have 0, of full tiles below them 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub level: i32,
    /// Place among the tiles of the level.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tile_index: i64,
    /// 256 hashes of 32 bytes.
    pub hashes: Vec<u8>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
