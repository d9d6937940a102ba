//! A user's membership of a tenant, with one role.

use policy::Role;
use sea_orm::entity::prelude::*;

use crate::{MemberId, TenantId, Text, UserId};

/// A user's membership of a tenant, with one role.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The membership.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MemberId,
    /// The person; one membership per tenant and person.
    pub user_id: UserId,
    /// What the person may do here.
    pub role: Text<Role>,
    /// When the person joined.
    pub created_at: DateTimeUtc,
    /// When the person was removed; the row stays so that old records keep a name.
    pub removed_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
