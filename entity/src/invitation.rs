//! An invitation: single use, bound to e-mail, tenant and role.

use policy::Role;
use sea_orm::entity::prelude::*;

use crate::{InvitationId, MemberId, ReservationId, TenantId, Text};

/// An invitation: single use, bound to e-mail, tenant and role.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The invitation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    /// Lower-cased address it is bound to.
    pub email: String,
    /// The role it grants.
    pub role: Text<Role>,
    /// SHA-256 of the token; unique.
    pub token_hash: Vec<u8>,
    /// Who invited.
    pub created_by: MemberId,
    /// The seat it holds.
    pub reservation_id: ReservationId,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it dies.
    pub expires_at: DateTimeUtc,
    /// When it was used.
    pub accepted_at: Option<DateTimeUtc>,
    /// When it was withdrawn or replaced by a newer one.
    pub revoked_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
