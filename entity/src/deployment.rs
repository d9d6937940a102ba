//! The one row that says which deployment this database belongs to.

use sea_orm::entity::prelude::*;

/// The one row that says which deployment this database belongs to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deployment")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Eight random hex digits; part of every log's origin.
    pub name: String,
    /// The domain in every log's origin.
    pub audit_domain: String,
    /// Number of the master key in force.
    pub master_no: i32,
    /// A value derived from the master key, to notice a wrong one.
    pub master_check: Vec<u8>,
    /// When it was bootstrapped.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
