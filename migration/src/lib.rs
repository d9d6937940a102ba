//! The schema's history. Frozen: a migration that has shipped is never edited, and nothing here
//! looks at `entity`, which describes only the present.
//!
//! Each migration is one SQL text for both databases; [`dialect`] puts in the few words in which
//! they differ. Every tenant table has `tenant_id` first in its primary key, in its foreign keys
//! and in its unique constraints, because foreign-key checks pass by row-level security; and behind
//! the statement that creates it stands a paragraph `{row_level_security its_name}` (see
//! [`row_level_security`]). A test of `store` names every table that lacks it.

pub mod dialect;
pub mod grants;
pub mod row_level_security;

mod m0001_foundation;
mod m0002_operator_session;
mod m0003_ledger;
mod m0004_anchor;
mod m0005_verification;
mod m0006_retention;
mod m0007_export;
mod m0008_row_level_security;
mod m0009_idempotency;
mod m0010_revocation;
mod m0011_tenant_life;
mod m0012_export_epoch;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// Runs the migrations in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_operator_session::Migration),
            Box::new(m0003_ledger::Migration),
            Box::new(m0004_anchor::Migration),
            Box::new(m0005_verification::Migration),
            Box::new(m0006_retention::Migration),
            Box::new(m0007_export::Migration),
            Box::new(m0008_row_level_security::Migration),
            Box::new(m0009_idempotency::Migration),
            Box::new(m0010_revocation::Migration),
            Box::new(m0011_tenant_life::Migration),
            Box::new(m0012_export_epoch::Migration),
        ]
    }
}
