//! Where a chain ends.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_head")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Which epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i32,
    /// Number of entries.
    pub size: i64,
    /// Leaf hash of the last entry.
    pub last_hash: Vec<u8>,
    /// When the last entry was sequenced.
    pub last_ts: DateTimeUtc,
    /// The first entry whose bytes are still kept.
    pub min_seq: i64,
    /// `ok`, `quarantined` or `closed`.
    pub state: String,
    /// The compact range of the tree, 32 bytes a root; null until the tree of an older log is built.
    pub frontier: Option<Vec<u8>>,
    /// How many entries the head had that was last entered into the system log.
    pub collected_size: i64,
    /// How many entries are covered by what is kept outside.
    pub anchored_size: i64,
    /// The epoch of a head that is kept outside and that this log does not bear out.
    pub known_epoch: Option<i32>,
    /// The size of that head.
    pub known_size: Option<i64>,
    /// Its root.
    pub known_root: Option<Vec<u8>>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
