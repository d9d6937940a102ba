//! Row-level security on every tenant table, and the look-ups before a tenant is known. Only on Postgres.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::apply(manager, include_str!("m0008_row_level_security.sql")).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        dialect::forward_only()
    }
}
