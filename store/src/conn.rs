//! The pools, and the one connection type every statement of the store goes through.

mod begin;
mod open;
mod wide;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, ExecResult, IntoActiveModel, ModelTrait, QueryResult, Statement, TransactionTrait,
    Value,
};
use secrecy::SecretString;

use crate::StoreError;
pub(crate) use open::{Reach, open_postgres, open_sqlite};
pub(crate) use wide::Wide;

/// Which database this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file, one writer.
    Sqlite,
    /// A server, many writers.
    Postgres,
}

/// How to reach the database.
#[derive(Debug, Clone)]
pub enum DatabaseOptions {
    /// A SQLite file; its directory must exist.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A Postgres server.
    Postgres {
        /// `postgres://…` of the application's role.
        url: SecretString,
        /// Most connections of requests; background work has four of its own.
        max_connections: u32,
    },
}

const REQUEST_STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);
const JOB_STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
const JOB_CONNECTIONS: u32 = 4;
/// Revocations are asked for each second, however busy the other connections are.
const WATCH_CONNECTIONS: u32 = 1;
const SQLITE_READERS: u32 = 4;

/// The pools: one to write, one to read, one for background work that may take longer, one to watch what is revoked.
#[derive(Debug, Clone)]
pub struct Database {
    backend: Backend,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    jobs: DatabaseConnection,
    watch: DatabaseConnection,
    statements: Arc<AtomicU64>,
    #[cfg(feature = "testing")]
    unfiltered: Arc<crate::testing::Unfiltered>,
}

impl Database {
    /// Opens the pools and checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(options: &DatabaseOptions) -> Result<Self, StoreError> {
        let (backend, writer, reader, jobs, watch) = match options {
            DatabaseOptions::Sqlite { path } => {
                let writer = open_sqlite(path, 1, false).await?;
                let reader = open_sqlite(path, SQLITE_READERS, true).await?;
                (
                    Backend::Sqlite,
                    writer,
                    reader.clone(),
                    reader.clone(),
                    reader,
                )
            }
            DatabaseOptions::Postgres {
                url,
                max_connections,
            } => {
                let most = *max_connections;
                let timeout = REQUEST_STATEMENT_TIMEOUT;
                let requests = open_postgres(url, most, timeout, Reach::Nothing).await?;
                let (most, timeout) = (JOB_CONNECTIONS, JOB_STATEMENT_TIMEOUT);
                let jobs = open_postgres(url, most, timeout, Reach::EveryTenant).await?;
                let (most, timeout) = (WATCH_CONNECTIONS, REQUEST_STATEMENT_TIMEOUT);
                let watch = open_postgres(url, most, timeout, Reach::Nothing).await?;
                (Backend::Postgres, requests.clone(), requests, jobs, watch)
            }
        };
        Ok(Self {
            backend,
            writer,
            reader,
            jobs,
            watch,
            statements: Arc::default(),
            #[cfg(feature = "testing")]
            unfiltered: Arc::new(crate::testing::Unfiltered::from_environment()),
        })
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// How many statements have been sent, transaction control not counted.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The tables that a test has taken the tenant's condition away from.
    #[cfg(feature = "testing")]
    pub(crate) fn unfiltered(&self) -> &crate::testing::Unfiltered {
        &self.unfiltered
    }

    /// Answers when the database does.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] or [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.reader.ping().await?)
    }

    /// Whether the role of the connections passes by row-level security: a superuser, or one with `BYPASSRLS`. SQLite
    /// has none to pass by.
    ///
    /// # Errors
    /// As the database says.
    pub async fn passes_row_level_security(&self) -> Result<bool, StoreError> {
        if self.backend == Backend::Sqlite {
            return Ok(false);
        }
        let sql =
            "SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user";
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = self.reader.query_one_raw(statement).await?;
        let passes: Option<bool> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(passes.unwrap_or_default())
    }

    /// Closes the pools after what is running has ended.
    ///
    /// # Errors
    /// When a pool does not close.
    pub async fn close(self) -> Result<(), StoreError> {
        for pool in [&self.watch, &self.jobs, &self.reader, &self.writer] {
            pool.close_by_ref().await?;
        }
        Ok(())
    }
}

/// An open transaction. Dropping it rolls it back.
///
/// Every statement passes [`Conn::adapt`], which writes uuids as text on SQLite (so that the file
/// can be read with any tool) and leaves them native on Postgres.
#[derive(Debug)]
pub(crate) struct Conn {
    inner: DatabaseTransaction,
    statements: Arc<AtomicU64>,
    #[cfg(feature = "testing")]
    unfiltered: Arc<crate::testing::Unfiltered>,
}

impl Conn {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// A savepoint inside this transaction.
    pub(crate) async fn savepoint(&self) -> Result<Conn, StoreError> {
        Ok(Conn {
            inner: self.inner.begin().await?,
            statements: Arc::clone(&self.statements),
            #[cfg(feature = "testing")]
            unfiltered: Arc::clone(&self.unfiltered),
        })
    }

    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.get_database_backend() == DbBackend::Postgres
    }

    /// Whether a test has taken the tenant's condition away from this table.
    #[cfg(feature = "testing")]
    pub(crate) fn is_unfiltered(&self, table: &str) -> bool {
        self.unfiltered.has(table)
    }

    /// Raw SQL with `$1 …` (understood by both databases), for what the builder cannot say.
    pub(crate) fn sql(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.get_database_backend(), sql, values)
    }

    fn adapt(&self, mut statement: Statement) -> Statement {
        self.statements.fetch_add(1, Ordering::Relaxed);
        if statement.db_backend == DbBackend::Sqlite
            && let Some(values) = statement.values.as_mut()
        {
            for value in &mut values.0 {
                if let Value::Uuid(uuid) = value {
                    *value = Value::String(uuid.map(|uuid| uuid.to_string()));
                }
            }
        }
        statement
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Conn {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(self.adapt(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(self.adapt(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(self.adapt(statement)).await
    }
}

/// Inserts a whole row.
pub(crate) async fn insert<M, A>(conn: &Conn, row: M) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity> + Send,
{
    M::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}
