//! A signed head of a log's tree.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// A signed head of a log's tree.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_checkpoint")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Which epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i32,
    /// Number of entries it is about.
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    /// Root of their tree.
    pub root: Vec<u8>,
    /// The signed note, cosignatures included.
    pub note: String,
    /// When the log signed.
    pub signed_at: DateTimeUtc,
    /// When the timestamper last cosigned; null when it has not.
    pub cosigned_at: Option<DateTimeUtc>,
    /// Kept when newer ones of the same minute come: it was handed out, or a key was replaced at it.
    pub pinned: bool,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
