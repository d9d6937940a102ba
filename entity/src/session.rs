//! A signed-in user.

use sea_orm::entity::prelude::*;

use crate::{SessionId, TenantId, UserId};

/// A signed-in user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// The session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The active tenant, if one is selected.
    pub tenant_id: Option<TenantId>,
    /// SHA-256 of the token; unique.
    pub token_hash: Vec<u8>,
    /// When it began.
    pub created_at: DateTimeUtc,
    /// Last use, to the minute.
    pub last_seen_at: DateTimeUtc,
    /// The absolute end.
    pub expires_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
