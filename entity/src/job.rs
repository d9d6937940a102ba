//! A unit of background work, claimed under a lease.

use policy::JobState;
use sea_orm::entity::prelude::*;

use crate::{BareId, JobId, TenantId, Text};

/// A unit of background work, claimed under a lease.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// The tenant it is for; the system id for work that is no tenant's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// What to do.
    pub kind: String,
    /// What to do it to.
    pub subject_id: BareId,
    /// Queued, running, done or failed.
    pub state: Text<JobState>,
    /// Not before.
    pub run_at: DateTimeUtc,
    /// How often it was claimed.
    pub attempts: i32,
    /// When another worker may take over.
    pub lease_until: Option<DateTimeUtc>,
    /// What went wrong last, for operators.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
