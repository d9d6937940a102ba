//! An API key's record.

use sea_orm::entity::prelude::*;

use crate::{ApiKeyId, MemberId, TenantId};

/// An API key's record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// The 12 base62 characters in the token; unique.
    pub public_id: String,
    /// HMAC-SHA-256 of the token under the pepper.
    pub mac: Vec<u8>,
    /// Which master key the pepper was derived from.
    pub pepper_no: i32,
    /// What the owner calls it.
    pub name: String,
    /// Granted scopes as sorted, space-separated text.
    pub scopes: String,
    /// Allowed networks, space-separated; empty means any.
    pub cidrs: String,
    /// The member whose current role bounds the scopes.
    pub created_by: MemberId,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it stops working.
    pub expires_at: DateTimeUtc,
    /// Last use, to the minute.
    pub last_used_at: Option<DateTimeUtc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
