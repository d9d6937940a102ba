//! A committed event on its way into its chain.

use sea_orm::entity::prelude::*;

use crate::{EventId, TenantId};

/// A committed event on its way into its chain.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_outbox")]
pub struct Model {
    /// Order of arrival within a tenant.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose chain.
    pub tenant_id: TenantId,
    /// The event.
    pub event_id: EventId,
    /// The entry without its position.
    pub draft: Vec<u8>,
    /// Texts of the disclosures, one a line.
    pub disclosures: String,
    /// When it was committed, by the application's clock.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
