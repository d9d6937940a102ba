//! A draft the sequencer could not append, kept as evidence.

use sea_orm::entity::prelude::*;

use crate::{EventId, TenantId};

/// A draft the sequencer could not append, kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_quarantine")]
pub struct Model {
    /// Whose chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: EventId,
    /// Which epoch.
    pub epoch: i32,
    /// What was found in the outbox.
    pub draft: Vec<u8>,
    /// Texts of the disclosures, one a line.
    pub disclosures: String,
    /// Why it could not be appended.
    pub reason: String,
    /// When.
    pub quarantined_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
