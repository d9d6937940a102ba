//! Requests that clients have named, so that they can be sent again.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::apply(manager, include_str!("m0009_idempotency.sql")).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        dialect::forward_only()
    }
}
