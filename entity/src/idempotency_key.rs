//! A request that its client has named, and what came of it.

use sea_orm::entity::prelude::*;

use crate::{BareId, EventId, TenantId, UploadId};

/// A request that its client has named, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// The tenant; the deployment itself for requests of operators.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The member, API key or operator that asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal_id: BareId,
    /// The name, as the client chose it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_key: String,
    /// HMAC of what was asked for.
    pub fingerprint: Vec<u8>,
    /// Under which master key.
    pub master_no: i32,
    /// The upload that is under way; null when the request was one transaction.
    pub upload_id: Option<UploadId>,
    /// Until when whoever streams that upload counts as being at work.
    pub held_until: Option<DateTimeUtc>,
    /// In whose log the event stands; null while nothing has come of the request.
    pub log_id: Option<TenantId>,
    /// The event of the change.
    pub event_id: Option<EventId>,
    /// What the event names: `kind:uuid`, separated by spaces.
    pub targets: Option<String>,
    /// When it was asked.
    pub created_at: DateTimeUtc,
    /// From when on the name is free again.
    pub expires_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
