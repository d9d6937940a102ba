//! Throw-away databases for tests: the same test body on SQLite and on Postgres.
//!
//! Each call gives a migrated database of its own. On Postgres it is copied from a template that is
//! made once per state of the migrations; the application connects with a role that owns nothing,
//! as in production.
//!
//! Only with the feature `testing`: the makers of actors in here ask for no credential.

mod actors;
mod backlog;
mod fingerprint;
mod postgres;
mod seed;
mod sql;
mod sqlite;
mod test_clock;
mod unfiltered;

use std::sync::Arc;

use policy::Tiers;

pub use actors::{actor, key_actor, operator};
pub use seed::{Seed, another_tenant, seed};
pub use sql::Cell;
pub use test_clock::TestClock;
pub(crate) use unfiltered::Unfiltered;

use crate::{
    Clock, DatabaseOptions, Store, StoreError,
    bootstrap::DeploymentError,
    keys::{MasterKey, MasterKeys},
    schema::SchemaError,
};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file in a directory of its own.
    Sqlite,
    /// A database of its own on the server named by `STRONGROOM_TEST_POSTGRES_URL`.
    Postgres,
}

/// Why there is no database to test on.
#[derive(Debug, thiserror::Error)]
pub enum TestingError {
    /// No server answers.
    #[error(
        "no Postgres answers for the tests; name one whose superuser may connect in \
         STRONGROOM_TEST_POSTGRES_URL, or run `make test`, which starts one: {0}"
    )]
    Unreachable(String),
    /// The server refuses a statement.
    #[error("the test server refuses a statement: {0}")]
    Server(String),
    /// The migrations do not run.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The store does not open, or refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The deployment cannot be founded.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// A file cannot be written.
    #[error("a file for the test cannot be written: {0}")]
    File(#[from] std::io::Error),
}

/// The master key of every test.
#[must_use]
pub fn master_key() -> MasterKey {
    MasterKey::new(1, [0x5a; 32])
}

/// A database of one test, with an open store.
#[derive(Debug)]
pub struct Throwaway {
    /// The store, under [`master_key`] and the default tiers.
    pub store: Store,
    /// How the application reaches the database.
    pub options: DatabaseOptions,
    /// How its owner does: migrations, and tampering that the application's role could not do.
    pub owner_options: DatabaseOptions,
    /// The store's clock; stands still unless it is moved.
    pub clock: Arc<TestClock>,
    kind: Database,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Directory(tempfile::TempDir),
    Server(Box<postgres::Server>),
}

/// Makes a migrated database that nobody else uses.
///
/// # Errors
/// [`TestingError::Unreachable`] when no Postgres answers: a test that cannot run fails.
pub async fn throwaway(kind: Database) -> Result<Throwaway, TestingError> {
    let (options, owner_options, place) = match kind {
        Database::Sqlite => {
            let (options, directory) = sqlite::create().await?;
            (options.clone(), options, Place::Directory(directory))
        }
        Database::Postgres => {
            let server = postgres::Server::create().await?;
            let (options, owner) = (server.application(), server.owner());
            (options, owner, Place::Server(Box::new(server)))
        }
    };
    let clock = Arc::new(TestClock::new());
    let store = open(&options, clock.clone(), master_key()).await?;
    Ok(Throwaway {
        store,
        options,
        owner_options,
        clock,
        kind,
        place,
    })
}

async fn open(
    options: &DatabaseOptions,
    clock: Arc<dyn Clock>,
    master: impl Into<MasterKeys>,
) -> Result<Store, StoreError> {
    let database = crate::Database::open(options).await?;
    Ok(Store::new(database, clock, master, Tiers::default()))
}

impl Throwaway {
    /// Which database it is.
    #[must_use]
    pub fn kind(&self) -> Database {
        self.kind
    }

    /// Another store over the same database, as a second process would have it.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn another_store(&self) -> Result<Store, TestingError> {
        self.store_with(master_key()).await
    }

    /// As [`Self::another_store`], under another master key.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn store_with(&self, master: impl Into<MasterKeys>) -> Result<Store, TestingError> {
        Ok(open(&self.options, self.clock.clone(), master).await?)
    }

    /// Appends everything that waits in the outbox, as the worker does.
    ///
    /// # Errors
    /// As the database says.
    pub async fn sequence_all(&self) -> Result<u64, TestingError> {
        let mut entries = 0;
        loop {
            let pass = self.store.sequence_once().await?;
            entries += pass.entries;
            if pass.entries == 0 {
                return Ok(entries);
            }
        }
    }

    /// Ends the store and removes the database. What a failed test leaves on the server is removed
    /// by a later one, after an hour.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn close(self) -> Result<(), TestingError> {
        self.store.tasks().close();
        self.store.tasks().wait().await;
        self.store.database().clone().close().await?;
        match self.place {
            Place::Directory(directory) => directory.close()?,
            Place::Server(server) => server.drop_database().await?,
        }
        Ok(())
    }
}
