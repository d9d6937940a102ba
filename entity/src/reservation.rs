//! A quantity held against a quota until it is committed or released.

use policy::{QuotaMetric, ReservationState};
use sea_orm::entity::prelude::*;

use crate::{ReservationId, TenantId, Text};

/// A quantity held against a quota until it is committed or released.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The reservation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReservationId,
    /// What is held.
    pub metric: Text<QuotaMetric>,
    /// Which counter row it is held on.
    pub period_start: DateTimeUtc,
    /// How much.
    pub amount: i64,
    /// Held, committed, released or expired.
    pub state: Text<ReservationState>,
    /// When the sweeper may release it.
    pub lease_until: DateTimeUtc,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
