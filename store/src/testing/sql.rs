//! What only the owner of the database can do: raw SQL beside the store, to tamper and to look, past every wall.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

use super::{TestingError, Throwaway};
use crate::{
    DatabaseOptions,
    conn::{self, Reach},
};

/// The first column of the first row of a query, as text.
pub type Cell = Option<String>;

impl Throwaway {
    /// Runs statements as the owner, past the store, and returns how many rows the last one touched.
    ///
    /// # Errors
    /// As the database says.
    pub async fn tamper(&self, sql: &str) -> Result<u64, TestingError> {
        let connection = open(&self.owner_options, Reach::EveryTenant).await?;
        let touched = connection.execute_unprepared(sql).await;
        connection.close().await.map_err(refused)?;
        Ok(touched.map_err(refused)?.rows_affected())
    }

    /// The first column of every row of a query, which must be text or null.
    ///
    /// # Errors
    /// As the database says.
    pub async fn look(&self, sql: &str) -> Result<Vec<Cell>, TestingError> {
        let connection = open(&self.owner_options, Reach::EveryTenant).await?;
        let cells = cells(&connection, sql).await;
        connection.close().await.map_err(refused)?;
        cells
    }

    /// As [`Self::look`], as the application's role of Postgres, on a connection that has run `first` before: it sees
    /// what a request sees.
    ///
    /// # Errors
    /// As the database says.
    pub async fn look_as_application(
        &self,
        first: &str,
        sql: &str,
    ) -> Result<Vec<Cell>, TestingError> {
        let connection = open(&self.options, Reach::Nothing).await?;
        let begun = connection.execute_unprepared(first).await;
        let cells = match begun {
            Ok(_) => cells(&connection, sql).await,
            Err(error) => Err(refused(error)),
        };
        connection.close().await.map_err(refused)?;
        cells
    }
}

async fn open(options: &DatabaseOptions, reach: Reach) -> Result<DatabaseConnection, TestingError> {
    Ok(match options {
        DatabaseOptions::Sqlite { path } => conn::open_sqlite(path, 1, false).await?,
        DatabaseOptions::Postgres { url, .. } => {
            conn::open_postgres(url, 1, Duration::from_secs(600), reach).await?
        }
    })
}

/// The first column of every row.
async fn cells(connection: &DatabaseConnection, sql: &str) -> Result<Vec<Cell>, TestingError> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.map_err(refused)?;
    rows.iter()
        .map(|row| row.try_get_by_index(0).map_err(refused))
        .collect()
}

fn refused(error: DbErr) -> TestingError {
    TestingError::Server(error.to_string())
}

impl crate::Store {
    /// Keeps the SQLite file from growing more than `pages` beyond what it is now, as a full disk
    /// would; `None` takes the limit away. Holds for the writer's present connection.
    ///
    /// # Errors
    /// As the database says.
    pub async fn limit_pages(&self, pages: Option<u32>) -> Result<(), TestingError> {
        let conn = self.database().begin_write().await?;
        let row = conn.query_one_raw(conn.sql("PRAGMA page_count", [])).await;
        let count: i64 = row
            .map_err(refused)?
            .ok_or_else(|| TestingError::Server("no page count".to_owned()))?
            .try_get_by_index(0)
            .map_err(refused)?;
        let most = pages.map_or(i64::from(u32::MAX - 1), |pages| count + i64::from(pages));
        conn.execute_unprepared(&format!("PRAGMA max_page_count = {most}"))
            .await
            .map_err(refused)?;
        conn.commit().await?;
        Ok(())
    }
}
