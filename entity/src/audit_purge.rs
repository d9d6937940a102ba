//! The end of a tenant: what was agreed to go, and the certificate that it is gone.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// The end of a tenant: what was agreed to go, and the certificate that it is gone.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_purge")]
pub struct Model {
    /// The tenant that was.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The hash of the plan that was agreed to, lower-case hex.
    pub plan: String,
    /// The plan, as JSON.
    pub document: String,
    /// How many rows are gone so far.
    pub row_count: i64,
    /// When it began.
    pub begun_at: DateTimeUtc,
    /// When nothing was left.
    pub done_at: Option<DateTimeUtc>,
    /// The signed note that says so.
    pub certificate: Option<String>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
