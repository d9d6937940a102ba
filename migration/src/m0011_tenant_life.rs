//! A tenant's contacts, settings and limits of its own; its end, and what a purge leaves.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::apply(manager, include_str!("m0011_tenant_life.sql")).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        dialect::forward_only()
    }
}
