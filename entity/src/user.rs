//! A person's account; may belong to many tenants.

use sea_orm::entity::prelude::*;

use crate::UserId;

/// A person's account; may belong to many tenants.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Lower-cased address; unique.
    pub email: String,
    /// Display name.
    pub name: String,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// When the account was made.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
