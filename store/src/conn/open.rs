//! Opening the pools.

use std::time::Duration;

use migration::row_level_security::{EVERY_TENANT, SETTING};
use sea_orm::{
    ConnectOptions, DatabaseConnection,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use secrecy::{ExposeSecret, SecretString};

use crate::StoreError;

/// How long a request waits for a connection before it is told to come again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a connection to Postgres sees of tenants' rows before it has entered a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nothing: requests.
    Nothing,
    /// Everything: work that is no single tenant's.
    EveryTenant,
}

impl Reach {
    fn setting(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::EveryTenant => EVERY_TENANT,
        }
    }
}

pub(crate) async fn open_sqlite(
    path: &std::path::Path,
    connections: u32,
    read_only: bool,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
    quiet(&mut options);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(if read_only {
            ACQUIRE_TIMEOUT
        } else {
            ACQUIRE_TIMEOUT * 2
        })
        .map_sqlx_sqlite_opts(move |options| {
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(ACQUIRE_TIMEOUT)
                .pragma("query_only", if read_only { "ON" } else { "OFF" })
        });
    Ok(sea_orm::Database::connect(options).await?)
}

pub(crate) async fn open_postgres(
    url: &SecretString,
    connections: u32,
    statement_timeout: Duration,
    reach: Reach,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = ConnectOptions::new(url.expose_secret());
    quiet(&mut options);
    options
        .max_connections(connections)
        .min_connections(1)
        .connect_timeout(Duration::from_secs(5))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire_if_idle_for(Duration::from_secs(5))
        .set_application_name("strongroom")
        .statement_timeout(statement_timeout);
    // Said in both cases, so that no default of the role or of the database widens a request.
    options.map_sqlx_postgres_opts(move |options| options.options([(SETTING, reach.setting())]));
    Ok(sea_orm::Database::connect(options).await?)
}

/// SQL text can hold personal data, so it goes neither into logs nor into spans.
fn quiet(options: &mut ConnectOptions) {
    options.sqlx_logging(false).record_stmt_in_spans(false);
}
