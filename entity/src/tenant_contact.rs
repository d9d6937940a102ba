//! Whom to write to about a tenant.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// Whom to write to about a tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant_contact")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// `general` or `billing`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// A person, or a desk.
    pub name: String,
    /// Where to write, in lower case.
    pub email: String,
    /// Where to call.
    pub phone: Option<String>,
    /// The legal name of the organisation.
    pub company: Option<String>,
    /// The number it is taxed under.
    pub tax_number: Option<String>,
    /// Street and number; set when there is an address.
    pub line1: Option<String>,
    /// What more the address needs.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, province or canton.
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
