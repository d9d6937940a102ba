//! Typed configuration, read once at start.
//!
//! [`KEYS`] is the one table of variables: the readers take defaults and ranges from it, and
//! docs/configuration.md, .env.example and `check-config` are made of it. Nothing here opens a
//! connection; whether a database or a bucket answers is found out at start.

mod audit;
mod database;
mod document;
mod duration;
mod environment;
mod key;
mod limits;
mod log;
mod master_key;
mod origin;
mod problem;
mod product;
mod reader;
mod redis;
mod report;
mod rules;
mod server;
mod store;
mod unknown;
mod warning;
mod work;

pub use audit::Audit;
pub use database::{Database, ExternalDatabase};
pub use document::{configuration_md, env_example};
pub use environment::Environment;
pub use key::{KEYS, Key, Range, Section};
pub use limits::RateLimits;
pub use log::{Log, LogFormat};
pub use master_key::MasterKey;
pub use origin::Origin;
pub use problem::Problems;
pub use redis::Redis;
pub use server::{Mode, Server};
pub use store::{EmbeddedStore, ExternalStore, ObjectStore};
pub use work::{Background, Drain, Files, Tenants};

use std::path::Path;

use policy::{Catalogue, Tiers};
use reader::Reader;
use report::Line;

/// Everything that can be set, one struct per concern. `Debug` shows no secret.
#[derive(Debug)]
pub struct Config {
    /// The process and its place in the network.
    pub server: Server,
    /// The one secret.
    pub master_key: MasterKey,
    /// Where rows live.
    pub database: Database,
    /// Where bytes live.
    pub object_store: ObjectStore,
    /// What processes share, if anything.
    pub redis: Option<Redis>,
    /// How often anybody may ask.
    pub rate_limits: RateLimits,
    /// What the tiers include.
    pub tiers: Tiers,
    /// Which files are taken.
    pub catalogue: Catalogue,
    /// Uploads and the trash.
    pub files: Files,
    /// What becomes of tenants that are closed.
    pub tenants: Tenants,
    /// The audit log's keys and anchors.
    pub audit: Audit,
    /// Work that repeats.
    pub background: Background,
    /// What happens at SIGTERM.
    pub drain: Drain,
    /// What is logged, and how.
    pub log: Log,
    report: Vec<Line>,
}

impl Config {
    /// Reads the configuration from the variables of this process.
    ///
    /// # Errors
    /// All problems at once.
    pub fn from_process() -> Result<Self, Problems> {
        Self::read(&Environment::of_process())
    }

    /// Reads the configuration from pairs of names and values, for tests.
    ///
    /// # Errors
    /// All problems at once.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Problems> {
        Self::read(&pairs.into_iter().collect())
    }

    /// Reads the configuration from `environment` and the files it names.
    ///
    /// # Errors
    /// All problems at once.
    pub fn read(environment: &Environment) -> Result<Self, Problems> {
        let mut reader = Reader::new(environment);
        let parts = Self::parts(&mut reader);
        let mut problems = unknown::problems(environment);
        problems.extend(reader.unreadable());
        problems.append(&mut reader.problems);
        match parts {
            Some(config) if problems.is_empty() => Ok(Self {
                report: reader.lines,
                ..config
            }),
            _ => Err(Problems::new(problems)),
        }
    }

    /// Reads every part before any is missed, so that all problems are found.
    fn parts(reader: &mut Reader<'_>) -> Option<Self> {
        let server = server::read(reader);
        let master_key = master_key::read(reader);
        let database = database::read(reader);
        let object_store = store::read(reader);
        let redis = redis::read(reader);
        let rate_limits = limits::read(reader);
        let tiers = product::tiers(reader);
        let catalogue = product::catalogue(reader);
        let files = work::files(reader);
        let tenants = work::tenants(reader);
        let audit = audit::read(reader, object_store.as_ref());
        let background = work::background(reader);
        let drain = work::drain(reader);
        let log = log::read(reader);
        rules::hold(
            reader,
            server.as_ref(),
            database.as_ref(),
            object_store.as_ref(),
        );
        Some(Self {
            server: server?,
            master_key: master_key?,
            database: database?,
            object_store: object_store?,
            redis,
            rate_limits: rate_limits?,
            tiers,
            catalogue,
            files: files?,
            tenants: tenants?,
            audit: audit?,
            background: background?,
            drain: drain?,
            log: log?,
            report: Vec::new(),
        })
    }

    /// Whether development tools are off.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.server.mode == Mode::Production
    }

    /// The file of the embedded database, if that is the one in use.
    #[must_use]
    pub fn embedded_database(&self) -> Option<&Path> {
        match &self.database {
            Database::Embedded(path) => Some(path),
            Database::External(_) => None,
        }
    }

    /// The endpoint of the embedded store, if that is the one in use.
    #[must_use]
    pub fn embedded_store(&self) -> Option<&EmbeddedStore> {
        match &self.object_store {
            ObjectStore::Embedded(store) => Some(store),
            ObjectStore::External(_) => None,
        }
    }

    /// What is allowed and seldom right, a sentence each: the embedded database or object store in
    /// production.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        warning::warnings(self)
    }

    /// Every variable with its effective value and where that comes from, one per line, in the order of
    /// the documentation; secrets as lengths.
    #[must_use]
    pub fn check_report(&self) -> String {
        let mut lines = Vec::with_capacity(KEYS.len());
        for key in KEYS {
            lines.extend(
                self.report
                    .iter()
                    .filter(|line| line.variable == key.variable)
                    .map(ToString::to_string),
            );
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests;
