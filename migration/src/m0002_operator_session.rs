//! When an operator's session was last seen. Null until it has been used: a replica that does not know
//! the column yet goes on signing operators in.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in dialect::statements(
            include_str!("m0002_operator_session.sql"),
            manager.get_database_backend(),
        ) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "migrations only go forward; restore a backup to go back".to_owned(),
        ))
    }
}
