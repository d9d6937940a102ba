//! A customer organisation: the owner of everything else.

use policy::{TenantStatus, Tier};
use sea_orm::entity::prelude::*;

use crate::{TenantId, Text};

/// A customer organisation: the owner of everything else.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TenantId,
    /// Unique short name, `[a-z0-9-]{2,40}`.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Where it stands in its life.
    pub status: Text<TenantStatus>,
    /// Why it was suspended or deactivated, as the operator gave it.
    pub status_reason: Option<String>,
    /// Which default quotas apply.
    pub tier: Text<Tier>,
    /// Where its monthly periods are counted from.
    pub period_anchor_at: DateTimeUtc,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// Changes with the name and the contacts.
    pub version: i32,
    /// What is set, as JSON of `policy::Settings`.
    pub settings: String,
    /// Changes with the settings.
    pub settings_version: i32,
    /// When it was closed for good.
    pub deactivated_at: Option<DateTimeUtc>,
    /// From when on it may be purged; set when it is closed.
    pub purge_after: Option<DateTimeUtc>,
    /// When everything it has was last exported.
    pub exported_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
