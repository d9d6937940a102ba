//! When an operator's session was last seen. Null until it has been used: a replica that does not know
//! the column yet goes on signing operators in.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::apply(manager, include_str!("m0002_operator_session.sql")).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        dialect::forward_only()
    }
}
