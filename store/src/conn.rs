//! The pools, and the one connection type every statement of the store goes through.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    AccessMode, ActiveModelTrait, ConnectOptions, ConnectionTrait, DatabaseConnection,
    DatabaseTransaction, DbBackend, DbErr, EntityTrait, ExecResult, IntoActiveModel,
    IsolationLevel, ModelTrait, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, Value,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use secrecy::{ExposeSecret, SecretString};

use crate::StoreError;

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

/// How long a request waits for a connection before it is told to come again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
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
                let requests =
                    open_postgres(url, *max_connections, REQUEST_STATEMENT_TIMEOUT).await?;
                let jobs = open_postgres(url, JOB_CONNECTIONS, JOB_STATEMENT_TIMEOUT).await?;
                let watch =
                    open_postgres(url, WATCH_CONNECTIONS, REQUEST_STATEMENT_TIMEOUT).await?;
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

    /// Answers when the database does.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] or [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.reader.ping().await?)
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

    /// A transaction that may write: IMMEDIATE on SQLite, READ COMMITTED on Postgres.
    pub(crate) async fn begin_write(&self) -> Result<Conn, StoreError> {
        self.begin(
            &self.writer,
            TransactionOptions {
                sqlite_transaction_mode: self.on_sqlite(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            },
        )
        .await
    }

    /// As [`Self::begin_write`], on the connections of background work.
    pub(crate) async fn begin_job(&self) -> Result<Conn, StoreError> {
        let pool = match self.backend {
            Backend::Sqlite => &self.writer,
            Backend::Postgres => &self.jobs,
        };
        self.begin(
            pool,
            TransactionOptions {
                sqlite_transaction_mode: self.on_sqlite(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            },
        )
        .await
    }

    /// One unchanging view of the data.
    pub(crate) async fn begin_read(&self) -> Result<Conn, StoreError> {
        self.snapshot_on(&self.reader).await
    }

    /// As [`Self::begin_read`], on the connections of background work.
    pub(crate) async fn begin_job_read(&self) -> Result<Conn, StoreError> {
        self.snapshot_on(&self.jobs).await
    }

    /// As [`Self::begin_read`], on the connection that nobody else takes.
    pub(crate) async fn begin_watch(&self) -> Result<Conn, StoreError> {
        self.snapshot_on(&self.watch).await
    }

    async fn snapshot_on(&self, pool: &DatabaseConnection) -> Result<Conn, StoreError> {
        let postgres = self.backend == Backend::Postgres;
        self.begin(
            pool,
            TransactionOptions {
                isolation_level: postgres.then_some(IsolationLevel::RepeatableRead),
                access_mode: postgres.then_some(AccessMode::ReadOnly),
                sqlite_transaction_mode: self.on_sqlite(SqliteTransactionMode::Deferred),
            },
        )
        .await
    }

    async fn begin(
        &self,
        pool: &DatabaseConnection,
        options: TransactionOptions,
    ) -> Result<Conn, StoreError> {
        Ok(Conn {
            inner: pool.begin_with_options(options).await?,
            statements: Arc::clone(&self.statements),
        })
    }

    fn on_sqlite(&self, mode: SqliteTransactionMode) -> Option<SqliteTransactionMode> {
        (self.backend == Backend::Sqlite).then_some(mode)
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
        })
    }

    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.get_database_backend() == DbBackend::Postgres
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
    Ok(sea_orm::Database::connect(options).await?)
}

/// SQL text can hold personal data, so it goes neither into logs nor into spans.
fn quiet(options: &mut ConnectOptions) {
    options.sqlx_logging(false).record_stmt_in_spans(false);
}
