//! Bringing the schema to the version this binary knows, and refusing any other.

use std::time::Duration;

use migration::{Migrator, MigratorTrait, grants};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::{
    DatabaseOptions, StoreError,
    conn::{self, Reach},
};

/// Why the schema is not what this binary needs. Each sentence names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Migrations are pending.
    #[error("the database lacks {count} migration(s); run `strongroom migrate`")]
    Pending {
        /// How many.
        count: usize,
    },
    /// Somebody newer was here.
    #[error(
        "the database was migrated by a newer version of strongroom (it knows `{name}`); start that \
         version or a later one"
    )]
    Newer {
        /// The first migration this binary does not know.
        name: String,
    },
    /// As the database says.
    #[error("the database cannot be reached or refuses: {0}")]
    Database(String),
}

impl From<DbErr> for SchemaError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<StoreError> for SchemaError {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Self::Database(cause.unwrap_or_else(|| error.to_string()))
    }
}

/// Opens a connection that may change the schema.
async fn owner_connection(options: &DatabaseOptions) -> Result<DatabaseConnection, SchemaError> {
    Ok(match options {
        DatabaseOptions::Sqlite { path } => conn::open_sqlite(path, 1, false).await?,
        DatabaseOptions::Postgres { url, .. } => {
            // Row-level security binds the owner too, and migrations work on everybody's rows.
            conn::open_postgres(url, 1, Duration::from_secs(600), Reach::EveryTenant).await?
        }
    })
}

/// Runs pending migrations as the owner; on Postgres gives the application's role its rights.
/// Returns how many ran.
///
/// # Errors
/// See [`SchemaError`]; a failed migration leaves the schema as it was on Postgres.
pub async fn migrate(
    owner: &DatabaseOptions,
    application_role: Option<&str>,
) -> Result<usize, SchemaError> {
    let connection = owner_connection(owner).await?;
    refuse_newer(&connection).await?;
    let pending = Migrator::get_pending_migrations(&connection).await?.len();
    Migrator::up(&connection, None).await?;
    if connection.get_database_backend() == DbBackend::Postgres
        && let Some(role) = application_role
    {
        grant(&connection, role).await?;
    }
    connection.close().await?;
    Ok(pending)
}

/// Refuses a schema that is not exactly this binary's.
///
/// # Errors
/// [`SchemaError::Pending`] or [`SchemaError::Newer`].
pub async fn check(options: &DatabaseOptions) -> Result<(), SchemaError> {
    let connection = owner_connection(options).await?;
    let applied = applied(&connection).await?;
    let known = known();
    let outcome = match applied.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(SchemaError::Newer { name: name.clone() }),
        None if applied.len() < known.len() => Err(SchemaError::Pending {
            count: known.len() - applied.len(),
        }),
        None => Ok(()),
    };
    connection.close().await?;
    outcome
}

fn known() -> Vec<String> {
    Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect()
}

async fn refuse_newer(connection: &DatabaseConnection) -> Result<(), SchemaError> {
    let known = known();
    match applied(connection)
        .await?
        .into_iter()
        .find(|name| !known.contains(name))
    {
        Some(name) => Err(SchemaError::Newer { name }),
        None => Ok(()),
    }
}

/// The migrations the database has had; none if it was never migrated.
async fn applied(connection: &DatabaseConnection) -> Result<Vec<String>, SchemaError> {
    let backend = connection.get_database_backend();
    let exists = match backend {
        DbBackend::Postgres => {
            "SELECT 1 AS one FROM pg_catalog.pg_tables WHERE schemaname = 'public' \
             AND tablename = 'seaql_migrations'"
        }
        _ => {
            "SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'"
        }
    };
    let found = connection
        .query_one_raw(Statement::from_string(backend, exists))
        .await?;
    if found.is_none() {
        return Ok(Vec::new());
    }
    let names = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = connection
        .query_all_raw(Statement::from_string(backend, names))
        .await?;
    let names: Result<Vec<String>, DbErr> =
        rows.iter().map(|row| row.try_get("", "version")).collect();
    Ok(names?)
}

async fn grant(connection: &DatabaseConnection, role: &str) -> Result<(), SchemaError> {
    let backend = connection.get_database_backend();
    let sql = "SELECT current_user::text AS owner";
    let owner = connection
        .query_one_raw(Statement::from_string(backend, sql))
        .await?
        .map(|row| row.try_get::<String>("", "owner"))
        .transpose()?;
    if owner.as_deref() == Some(role) {
        return Ok(());
    }
    let sql = "SELECT tablename::text AS name FROM pg_catalog.pg_tables WHERE schemaname = 'public' \
               ORDER BY tablename";
    let rows = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await?;
    let tables: Result<Vec<String>, DbErr> =
        rows.iter().map(|row| row.try_get("", "name")).collect();
    for statement in grants::statements(role, &tables?) {
        connection.execute_unprepared(&statement).await?;
    }
    Ok(())
}
