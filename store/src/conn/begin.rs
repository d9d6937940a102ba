//! Beginning transactions: what each may do, and whose rows it sees.

use std::sync::Arc;

use migration::row_level_security::{EVERY_TENANT, SETTING};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use super::{Backend, Conn, Database, Wide};
use crate::StoreError;

impl Database {
    /// A transaction that may write: IMMEDIATE on SQLite, READ COMMITTED on Postgres. There it sees no
    /// tenant's row before it has entered a tenant.
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
    pub(crate) async fn begin_job(&self) -> Result<Wide, StoreError> {
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
        .map(Wide)
    }

    /// One unchanging view of the data; on Postgres without any tenant's row, before it has entered one.
    pub(crate) async fn begin_read(&self) -> Result<Conn, StoreError> {
        self.snapshot_on(&self.reader).await
    }

    /// As [`Self::begin_read`], on the connections of background work.
    pub(crate) async fn begin_job_read(&self) -> Result<Wide, StoreError> {
        self.snapshot_on(&self.jobs).await.map(Wide)
    }

    /// As [`Self::begin_read`], on the connection that nobody else takes.
    pub(crate) async fn begin_watch(&self) -> Result<Conn, StoreError> {
        self.snapshot_on(&self.watch).await
    }

    /// As [`Self::begin_read`], of all tenants' rows, at the price of a statement: for operators.
    pub(crate) async fn begin_read_of_every_tenant(&self) -> Result<Wide, StoreError> {
        let conn = self.snapshot_on(&self.reader).await?;
        if conn.is_postgres() {
            let widen = format!("SELECT set_config('{SETTING}', '{EVERY_TENANT}', true)");
            conn.execute_raw(conn.sql(&widen, [])).await?;
        }
        Ok(Wide(conn))
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
            #[cfg(feature = "testing")]
            unfiltered: Arc::clone(&self.unfiltered),
        })
    }

    fn on_sqlite(&self, mode: SqliteTransactionMode) -> Option<SqliteTransactionMode> {
        (self.backend == Backend::Sqlite).then_some(mode)
    }
}
