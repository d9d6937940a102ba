//! What has been revoked lately, for processes that keep copies of credentials.
//!
//! No tenant's table: a process asks for everything that is new, whoever's it is.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::apply(manager, include_str!("m0010_revocation.sql")).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        dialect::forward_only()
    }
}
