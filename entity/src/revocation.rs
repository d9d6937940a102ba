//! Something that copies of credentials depend on and that has changed.

use sea_orm::entity::prelude::*;

use crate::BareId;

/// Something that copies of credentials depend on and that has changed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocation")]
pub struct Model {
    /// Order in which the numbers were given, which is not the order of the commits.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What kind of thing: `key`, `session`, `user`, `member`, `tenant`, or a word of a later version.
    pub kind: String,
    /// Which one.
    pub subject_id: BareId,
    /// When, by the application's clock; rows go by age.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
