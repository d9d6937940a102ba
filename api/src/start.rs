//! From a configuration to a running application: keys, schema, deployment, object store, in order.
//!
//! Every step that can fail says in one sentence what to do about it.

mod first_run;
mod master_key;
mod object_store;

use std::{path::Path, sync::Arc};

use store::{
    Database, DatabaseOptions, Store, SystemClock,
    bootstrap::DeploymentError,
    schema::{self, SchemaError},
};

use crate::{
    adapter::{anchor::Anchors, blob::CheckError, password::PasswordError},
    app::App,
    config::{self, Config},
    worker::anchor,
};
pub use first_run::FirstRun;
pub use object_store::EmbeddedStore;

/// Why the process cannot start. `Display` names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory or a file in it.
    #[error("STRONGROOM_DATA_DIR: {what}: {cause}")]
    DataDir {
        /// What was tried.
        what: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The key file is not a key.
    #[error("{path} is not a master key (the base64 of 32 bytes); restore it from your backup")]
    KeyFile {
        /// The file.
        path: String,
    },
    /// The system gives no randomness.
    #[error("the operating system gives no random bytes: {0}")]
    Randomness(getrandom::Error),
    /// The database cannot be opened.
    #[error("the database of DATABASE_URL cannot be opened: {0}")]
    Database(String),
    /// Its schema is not this binary's.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Its deployment is missing, or another master key's.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The first start could not write what it made.
    #[error("the deployment could not be set up: {0}")]
    Bootstrap(String),
    /// There is no file of the embedded database.
    #[error(
        "there is no database at {path} yet; `strongroom serve` makes it on its first start (so do \
         `strongroom migrate` and `strongroom bootstrap`), or STRONGROOM_DATA_DIR is another one"
    )]
    NoDatabase {
        /// Where it would be.
        path: String,
    },
    /// The object store inside the process.
    #[error("{variable}{cause}", variable = object_store::variable(.0), cause = .0)]
    EmbeddedStore(#[from] embedded_s3::StartError),
    /// The object store outside.
    #[error(transparent)]
    ObjectStore(#[from] CheckError),
    /// What is kept outside of the logs.
    #[error("STRONGROOM_ANCHOR_FILE or STRONGROOM_ANCHOR_BUCKET cannot be read: {0}")]
    Anchors(String),
    /// Anything else the object store said.
    #[error("the object store cannot be used: {0}")]
    Bucket(String),
}

impl StartError {
    fn data_dir(what: impl Into<String>, cause: std::io::Error) -> Self {
        Self::DataDir {
            what: what.into(),
            cause,
        }
    }
}

impl From<PasswordError> for StartError {
    fn from(error: PasswordError) -> Self {
        Self::Bootstrap(error.to_string())
    }
}

/// A started application and what was started with it.
#[derive(Debug)]
pub struct Started {
    /// What requests need.
    pub app: Arc<App>,
    /// The object store inside the process, to be stopped after everything else.
    pub embedded_store: Option<EmbeddedStore>,
    /// What the first start made, to be shown once.
    pub first_run: Option<FirstRun>,
}

/// Starts everything but the listeners: an embedded database is migrated and bootstrapped, an
/// external one must have been.
///
/// # Errors
/// See [`StartError`]; nothing keeps running then.
pub async fn start(config: Config) -> Result<Started, StartError> {
    let config = Arc::new(config);
    make_data_dir(&config.server.data_dir)?;
    let options = database_options(&config);
    if config.embedded_database().is_some() {
        schema::migrate(&options, None).await?;
    } else {
        schema::check(&options).await?;
    }
    let store = open_store(&config, &options).await?;
    let first_run = if config.embedded_database().is_some() {
        first_run::bootstrap(&config, &store).await?
    } else {
        None
    };
    store.deployment().await?;
    warn_of_a_missing_wall(&store).await?;
    let (blob, embedded_store) = object_store::open(&config, &store).await?;
    let app = App::new(config, store, blob);
    read_marks(&app).await?;
    keep_redis(&app);
    Ok(Started {
        app: Arc::new(app),
        embedded_store,
        first_run,
    })
}

async fn warn_of_a_missing_wall(store: &Store) -> Result<(), StartError> {
    let passes = store.database().passes_row_level_security().await;
    if passes.map_err(|error| StartError::Database(describe(&error)))? {
        tracing::warn!(
            "the role of DATABASE_URL is a superuser or has BYPASSRLS, so row-level security does not keep tenants \
             apart; give the server a role of its own, see docs/runbook.md"
        );
    }
    Ok(())
}

/// Whether there is a Redis does not matter for a start.
fn keep_redis(app: &App) {
    let Some(redis) = app.redis.clone() else {
        return;
    };
    let stopping = app.stopping.clone();
    app.tasks.spawn(async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = redis.keep() => {}
        }
    });
}

/// Reads what is kept outside of the logs, and puts those into quarantine that are not what they are known to have
/// been: the database was put back, or is another one.
async fn read_marks(app: &App) -> Result<(), StartError> {
    let compared = anchor::compare(&app.store, &app.anchors).await;
    let compared = compared.map_err(|error| StartError::Anchors(describe(&error)))?;
    if !compared.quarantined.is_empty() {
        tracing::error!(
            logs = compared.quarantined.len(),
            "logs are in quarantine, nothing is appended to them: see `strongroom audit recover`"
        );
    }
    Ok(())
}

/// The places of anchors alone, for commands that need no requests answered; with the object store that they need.
///
/// # Errors
/// See [`StartError`].
pub async fn anchors(
    config: &Config,
    store: &Store,
) -> Result<(Anchors, Option<EmbeddedStore>), StartError> {
    if config.audit.anchor_bucket.is_none() {
        return Ok((Anchors::in_file(config), None));
    }
    let (blob, embedded) = object_store::open(config, store).await?;
    Ok((Anchors::new(config, &blob), embedded))
}

/// The application for a command that may run beside the servers: nothing is migrated or set up, and an object store
/// that a server on this machine has open is shared with it.
///
/// # Errors
/// See [`StartError`].
pub async fn beside(config: Config) -> Result<Started, StartError> {
    let config = Arc::new(config);
    let store = store(&config).await?;
    store.deployment().await?;
    let (blob, embedded_store) = object_store::open_beside(&config, &store).await?;
    let app = App::new(config, store, blob);
    read_marks(&app).await?;
    Ok(Started {
        app: Arc::new(app),
        embedded_store,
        first_run: None,
    })
}

pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// Runs pending migrations as the owner of the database. Returns how many.
///
/// # Errors
/// See [`SchemaError`].
pub async fn migrate(config: &Config) -> Result<usize, StartError> {
    make_data_dir(&config.server.data_dir)?;
    Ok(match &config.database {
        config::Database::Embedded(_) => schema::migrate(&database_options(config), None).await?,
        config::Database::External(external) => {
            let owner = DatabaseOptions::Postgres {
                url: external.owner_url.clone(),
                max_connections: 1,
            };
            let role = (!external.shares_role()).then(|| external.role()).flatten();
            schema::migrate(&owner, role.as_deref()).await?
        }
    })
}

/// Sets a migrated database up for the first time; `None` if somebody has.
///
/// # Errors
/// See [`StartError`].
pub async fn bootstrap(config: &Config) -> Result<Option<FirstRun>, StartError> {
    make_data_dir(&config.server.data_dir)?;
    let store = store(config).await?;
    first_run::bootstrap(config, &store).await
}

/// The store alone, for commands that need no requests answered.
///
/// # Errors
/// See [`StartError`].
pub async fn store(config: &Config) -> Result<Store, StartError> {
    // To open it would make it, empty.
    if let Some(path) = config.embedded_database()
        && !path.exists()
    {
        return Err(StartError::NoDatabase {
            path: path.display().to_string(),
        });
    }
    let options = database_options(config);
    schema::check(&options).await?;
    open_store(config, &options).await
}

async fn open_store(config: &Config, options: &DatabaseOptions) -> Result<Store, StartError> {
    let master = master_key::load(config)?;
    let database = Database::open(options).await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        StartError::Database(cause.unwrap_or_else(|| error.to_string()))
    })?;
    Ok(Store::new(
        database,
        Arc::new(SystemClock),
        master,
        config.tiers,
    ))
}

fn database_options(config: &Config) -> DatabaseOptions {
    match &config.database {
        config::Database::Embedded(path) => DatabaseOptions::Sqlite { path: path.clone() },
        config::Database::External(external) => DatabaseOptions::Postgres {
            url: external.url.clone(),
            max_connections: external.pool_size,
        },
    }
}

/// Readable by nobody else: it holds the key beside what the key opens.
fn make_data_dir(dir: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|cause| StartError::data_dir(format!("cannot make {}", dir.display()), cause))
}
