//! An entry of a chain, as the bytes that were hashed, and projections of them.

use sea_orm::entity::prelude::*;

use crate::{EventId, TenantId};

/// An entry of a chain, as the bytes that were hashed, and projections of them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Which epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i32,
    /// Position, from 0, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The event.
    pub event_id: EventId,
    /// SHA-256 of 0x00 and `raw`.
    pub leaf: Vec<u8>,
    /// The entry.
    pub raw: Vec<u8>,
    /// Projection of `raw`.
    pub action: String,
    /// Projection of `raw`.
    pub outcome: String,
    /// Projection of `raw`.
    pub actor_type: String,
    /// Projection of `raw`.
    pub actor_id: String,
    /// Projection of `raw`: `at`.
    pub occurred_at: DateTimeUtc,
    /// Projection of `raw`: `ts`.
    pub sequenced_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
