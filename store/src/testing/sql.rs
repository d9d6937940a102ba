//! What only the owner of the database can do: raw SQL beside the store, to tamper and to look.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

use super::{TestingError, Throwaway};
use crate::{DatabaseOptions, conn};

/// The first column of the first row of a query, as text.
pub type Cell = Option<String>;

impl Throwaway {
    /// Runs statements as the owner, past the store, and returns how many rows the last one touched.
    ///
    /// # Errors
    /// As the database says.
    pub async fn tamper(&self, sql: &str) -> Result<u64, TestingError> {
        let connection = self.owner().await?;
        let touched = connection.execute_unprepared(sql).await;
        connection.close().await.map_err(refused)?;
        Ok(touched.map_err(refused)?.rows_affected())
    }

    /// The first column of every row of a query, which must be text or null.
    ///
    /// # Errors
    /// As the database says.
    pub async fn look(&self, sql: &str) -> Result<Vec<Cell>, TestingError> {
        let connection = self.owner().await?;
        let backend = connection.get_database_backend();
        let rows = connection
            .query_all_raw(Statement::from_string(backend, sql))
            .await;
        connection.close().await.map_err(refused)?;
        rows.map_err(refused)?
            .iter()
            .map(|row| row.try_get_by_index(0).map_err(refused))
            .collect()
    }

    async fn owner(&self) -> Result<DatabaseConnection, TestingError> {
        Ok(match &self.owner_options {
            DatabaseOptions::Sqlite { path } => conn::open_sqlite(path, 1, false).await?,
            DatabaseOptions::Postgres { url, .. } => {
                conn::open_postgres(url, 1, Duration::from_secs(600)).await?
            }
        })
    }
}

fn refused(error: DbErr) -> TestingError {
    TestingError::Server(error.to_string())
}
