//! What the binary runs on, started for one test and gone with it.

mod garage;
mod store_host;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, ensure};
use data_encoding::{BASE64, HEXLOWER};
use secrecy::ExposeSecret;
use serde::Deserialize;
use store::{
    DatabaseOptions,
    keys::{Label, MasterKey},
    testing::{self, Throwaway},
};

use crate::{
    Client,
    objects::Objects,
    process::{Environment, Process, free_port, run},
    wait,
};

/// What the binary runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// Everything inside the process, on SQLite.
    Sqlite,
    /// Postgres; with `STRONGROOM_TEST_STACK=garage` the whole production shape.
    Postgres,
}

/// What the first start made; the file behind `--first-run-file`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "described where they are made")]
pub struct FirstRun {
    pub url: String,
    pub operator_url: String,
    pub operator_email: String,
    pub operator_password: String,
    pub tenant_id: String,
    pub tenant_slug: String,
    pub owner_email: String,
    pub owner_password: String,
    pub api_key: String,
}

/// A running deployment.
#[derive(Debug)]
pub struct App {
    /// What it runs on.
    pub stack: Stack,
    /// Its database, to look into and to tamper with.
    pub database: Throwaway,
    /// What the first start made.
    pub first_run: FirstRun,
    environment: Environment,
    replicas: Vec<Replica>,
    worker: Option<Process>,
    next: Arc<AtomicUsize>,
    is_sticky: bool,
    drops: bool,
    dir: tempfile::TempDir,
    _garage: Option<garage::Garage>,
    _store_host: Option<store_host::StoreHost>,
}

#[derive(Debug)]
struct Replica {
    url: String,
    process: Option<Process>,
}

/// Limits out of the way: a test of limits sets its own.
const ROOMY: &[(&str, &str)] = &[
    ("STRONGROOM_SHIELD_PER_SECOND", "100000"),
    ("STRONGROOM_SHIELD_BURST", "100000"),
    ("STRONGROOM_ANONYMOUS_PER_HOUR", "1000000"),
    ("STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE", "1000000"),
    ("STRONGROOM_REQUEST_BURST_PER_SECOND", "100000"),
    ("STRONGROOM_REQUEST_BURST", "100000"),
    ("STRONGROOM_REQUESTS_PER_HOUR_PROFESSIONAL", "100000000"),
    ("STRONGROOM_REQUESTS_PER_HOUR_FREE", "100000000"),
    ("STRONGROOM_COST_PER_SECOND", "1000000"),
    ("STRONGROOM_COST_BUCKET", "100000000"),
    ("STRONGROOM_DRAIN_NOTICE", "0s"),
    ("STRONGROOM_DRAIN_GRACE", "5s"),
    ("STRONGROOM_SWEEP_INTERVAL", "1s"),
    ("STRONGROOM_LOG", "warn"),
];

impl App {
    /// Starts a deployment and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready; with what it printed.
    pub async fn start(stack: Stack) -> anyhow::Result<Self> {
        Self::start_with(stack, &[]).await
    }

    /// As [`Self::start`], with variables of its own.
    ///
    /// # Errors
    /// When it does not become ready; with what it printed.
    pub async fn start_with(stack: Stack, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let replicas = match stack {
            Stack::Postgres if is_production_shape() => 2,
            _ => 1,
        };
        Self::start_replicas(stack, replicas, variables).await
    }

    /// As [`Self::start_with`], with so many replicas; several take Postgres and share one object store.
    ///
    /// # Errors
    /// When one does not become ready; with what it printed.
    pub async fn start_replicas(
        stack: Stack,
        replicas: usize,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let database = testing::throwaway(match stack {
            Stack::Sqlite => testing::Database::Sqlite,
            Stack::Postgres => testing::Database::Postgres,
        })
        .await?;
        let garage = match stack {
            Stack::Postgres if is_production_shape() => Some(garage::Garage::start().await?),
            _ => None,
        };
        let mut environment = environment(dir.path(), &database.options)?;
        if let Some(garage) = &garage {
            environment.extend(garage.variables());
            environment.insert("REPLICAS".to_owned(), replicas.to_string());
        }
        let store_host = match &garage {
            None if replicas > 1 => Some(store_host::StoreHost::start().await?),
            _ => None,
        };
        if let Some(host) = &store_host {
            environment.extend(host.variables(replicas));
        }
        environment.extend(
            variables
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        let first_run = dir.path().join("first-run.json");
        let file = first_run.display().to_string();
        bootstrap(stack, &environment, &file).await?;
        let mut app = Self {
            stack,
            database,
            first_run: serde_json::from_str(&std::fs::read_to_string(&first_run)?)?,
            environment,
            replicas: Vec::new(),
            worker: None,
            next: Arc::default(),
            is_sticky: false,
            drops: false,
            dir,
            _garage: garage,
            _store_host: store_host,
        };
        for _ in 0..replicas {
            app.replicas.push(Replica {
                url: format!("http://127.0.0.1:{}", free_port()?),
                process: None,
            });
        }
        app.launch().await?;
        Ok(app)
    }

    /// Starts every process that is not running, and waits until all replicas are ready.
    ///
    /// # Errors
    /// When one does not become ready; with what it printed.
    pub async fn launch(&mut self) -> anyhow::Result<()> {
        let split = self._garage.is_some();
        let log = self.log_path();
        for replica in &mut self.replicas {
            if replica.process.is_some() {
                continue;
            }
            let mut environment = self.environment.clone();
            let address = replica.url.trim_start_matches("http://").to_owned();
            environment.insert("STRONGROOM_LISTEN".to_owned(), address);
            let arguments: &[&str] = if split {
                &["serve", "--no-worker"]
            } else {
                &["serve"]
            };
            replica.process = Some(Process::start(arguments, &environment, &log)?);
        }
        if split && self.worker.is_none() {
            self.worker = Some(Process::start(&["worker"], &self.environment, &log)?);
        }
        self.ready().await
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let http = reqwest::Client::new();
        for replica in &mut self.replicas {
            let url = format!("{}/readyz", replica.url);
            let waited = wait::until("the server is ready", 60, || {
                let request = http.get(&url).send();
                async move { Ok(request.await.is_ok_and(|answer| answer.status() == 200)) }
            });
            let process = replica.process.as_mut().context("not started")?;
            waited.await.with_context(|| process.log())?;
            ensure!(process.is_running()?, "it has ended: {}", process.log());
        }
        Ok(())
    }

    /// Kills every process as a power cut would.
    ///
    /// # Errors
    /// When one cannot be killed.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        for replica in &mut self.replicas {
            if let Some(process) = replica.process.take() {
                process.kill().await?;
            }
        }
        if let Some(worker) = self.worker.take() {
            worker.kill().await?;
        }
        Ok(())
    }

    /// Asks every process to end, and waits. Returns whether all ended with success.
    ///
    /// # Errors
    /// When one cannot be asked.
    pub async fn terminate(&mut self) -> anyhow::Result<bool> {
        let mut clean = true;
        for replica in &mut self.replicas {
            if let Some(process) = replica.process.take() {
                clean &= process.terminate().await?;
            }
        }
        if let Some(worker) = self.worker.take() {
            clean &= worker.terminate().await?;
        }
        Ok(clean)
    }

    /// Ends the deployment and removes its database.
    ///
    /// # Errors
    /// When a process does not end cleanly.
    pub async fn close(mut self) -> anyhow::Result<()> {
        let clean = self.terminate().await?;
        let log = self.log();
        self.database.close().await?;
        ensure!(clean, "a process did not end cleanly: {log}");
        Ok(())
    }

    /// Whether every process still runs.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        for replica in &mut self.replicas {
            let Some(process) = replica.process.as_mut() else {
                return Ok(false);
            };
            if !process.is_running()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The process ids of the replicas that run.
    #[must_use]
    pub fn process_ids(&self) -> Vec<u32> {
        let processes = self
            .replicas
            .iter()
            .filter_map(|replica| replica.process.as_ref());
        processes.filter_map(|process| process.id().ok()).collect()
    }

    /// What the processes have printed.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("strongroom.log")
    }

    /// The environment the processes run in, for commands beside them.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// A directory of this deployment.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Sends every request to one replica: what a process counts and remembers is its own.
    #[must_use]
    pub fn sticky(self) -> Self {
        Self {
            is_sticky: true,
            ..self
        }
    }

    /// All its clients lose the answers to what they change, and ask again.
    #[must_use]
    pub fn dropping(self) -> Self {
        Self {
            drops: true,
            ..self
        }
    }

    /// The address of one replica, in turn.
    #[must_use]
    pub fn url(&self) -> String {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let urls = self.urls();
        let index = turn % urls.len().max(1);
        urls.get(index).cloned().unwrap_or_default()
    }

    fn urls(&self) -> Vec<String> {
        let most = if self.is_sticky {
            1
        } else {
            self.replicas.len()
        };
        let replicas = self.replicas.iter().take(most);
        replicas.map(|replica| replica.url.clone()).collect()
    }

    /// The addresses of all replicas.
    #[must_use]
    pub fn replica_urls(&self) -> Vec<String> {
        let replicas = self.replicas.iter();
        replicas.map(|replica| replica.url.clone()).collect()
    }

    /// A client of one replica, by its number from 0, with any bearer token.
    #[must_use]
    pub fn client_at(&self, replica: usize, token: &str) -> Client {
        let urls = self.replica_urls().into_iter().skip(replica).take(1);
        Client::new(urls.collect(), Arc::default(), Some(token.to_owned()))
    }

    /// A client without a credential.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(self.urls(), Arc::clone(&self.next), None)
    }

    /// A client with any bearer token.
    #[must_use]
    pub fn client(&self, token: &str) -> Client {
        let client = Client::new(self.urls(), Arc::clone(&self.next), Some(token.to_owned()));
        if self.drops {
            client.dropping()
        } else {
            client
        }
    }

    /// The client of the first key, which has every scope.
    #[must_use]
    pub fn key(&self) -> Client {
        self.client(&self.first_run.api_key)
    }

    /// The first tenant's owner, signed in.
    ///
    /// # Errors
    /// When signing in fails.
    pub async fn owner(&self) -> anyhow::Result<Client> {
        let token = self
            .anonymous()
            .login(&self.first_run.owner_email, &self.first_run.owner_password)
            .await?;
        Ok(self.client(&token))
    }

    /// The first operator, signed in.
    ///
    /// # Errors
    /// When signing in fails.
    pub async fn operator(&self) -> anyhow::Result<Client> {
        let token = self
            .anonymous()
            .operator_login(
                &self.first_run.operator_email,
                &self.first_run.operator_password,
            )
            .await?;
        Ok(self.client(&token))
    }
}

impl App {
    /// The object store behind the deployment, past the server.
    ///
    /// # Errors
    /// When the environment has no key.
    pub fn objects(&self) -> anyhow::Result<Objects> {
        let variable = |name: &str| self.environment.get(name).cloned().unwrap_or_default();
        if self._garage.is_some() {
            return Ok(Objects::new(
                &variable("S3_ENDPOINT"),
                &variable("S3_REGION"),
                &variable("S3_BUCKET"),
                &variable("S3_ACCESS_KEY"),
                &variable("S3_SECRET_KEY"),
            ));
        }
        let key = BASE64.decode(variable("STRONGROOM_MASTER_KEY").as_bytes())?;
        let key: [u8; 32] = key.as_slice().try_into()?;
        let secret = MasterKey::new(1, key).derive(Label::EmbeddedStore);
        let endpoint = format!("http://{}", variable("STRONGROOM_EMBEDDED_S3_LISTEN"));
        let secret = HEXLOWER.encode(secret.as_slice());
        Ok(Objects::new(
            &endpoint,
            "eu-central-1",
            "strongroom",
            "strongroom",
            &secret,
        ))
    }
}

/// Whether the Postgres stack is to be the production shape.
#[expect(
    clippy::disallowed_methods,
    reason = "the one switch of the test suite"
)]
#[must_use]
pub fn is_production_shape() -> bool {
    std::env::var("STRONGROOM_TEST_STACK").is_ok_and(|stack| stack == "garage")
}

fn environment(dir: &Path, options: &DatabaseOptions) -> anyhow::Result<Environment> {
    let mut environment: Environment = ROOMY
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("{error}"))?;
    let database = match options {
        DatabaseOptions::Sqlite { path } => format!("sqlite://{}", path.display()),
        DatabaseOptions::Postgres { url, .. } => url.expose_secret().to_owned(),
    };
    let own = [
        (
            "STRONGROOM_DATA_DIR",
            dir.join("data").display().to_string(),
        ),
        ("STRONGROOM_LISTEN", format!("127.0.0.1:{}", free_port()?)),
        (
            "STRONGROOM_EMBEDDED_S3_LISTEN",
            format!("127.0.0.1:{}", free_port()?),
        ),
        ("STRONGROOM_MASTER_KEY", BASE64.encode(&key)),
        ("DATABASE_URL", database),
    ];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Ok(environment)
}

/// Sets the database up. The embedded one too, so that the file is there before the first request.
async fn bootstrap(stack: Stack, environment: &Environment, file: &str) -> anyhow::Result<()> {
    if stack == Stack::Sqlite {
        let (done, out, error) = run(&["migrate"], environment).await?;
        ensure!(done, "migrate: {out}{error}");
    }
    let (done, out, error) = run(&["bootstrap", "--first-run-file", file], environment).await?;
    ensure!(done, "bootstrap: {out}{error}");
    Ok(())
}
