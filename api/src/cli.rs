//! The command line.

mod audit;
mod master_key;
mod operator;
mod output;
mod run;
mod setup;
mod tenant;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::config::Config;

/// The control plane for the files of multi-tenant products.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests, and do background work beside it
    Serve(Serve),
    /// Do background work only
    Worker,
    /// Bring the database to this version
    Migrate,
    /// Set a migrated database up: an operator, a tenant with its owner, a key
    Bootstrap {
        #[command(flatten)]
        output: FirstRunFile,
    },
    /// Print the GraphQL schema
    Schema {
        /// The operators' schema instead of the tenants'
        #[arg(long)]
        operator: bool,
    },
    /// Check the configuration and print what is in force; secrets as lengths
    CheckConfig,
    /// Operators of the deployment
    Operator {
        #[command(subcommand)]
        command: operator::Command,
    },
    /// The one secret
    MasterKey {
        #[command(subcommand)]
        command: master_key::Command,
    },
    /// The end of tenants
    Tenant {
        #[command(subcommand)]
        command: tenant::Command,
    },
    /// Logs of the deployment
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
}

#[derive(Debug, Args)]
struct Serve {
    /// Leave background work to `strongroom worker`
    #[arg(long)]
    no_worker: bool,
    #[command(flatten)]
    output: FirstRunFile,
}

#[derive(Debug, Args)]
struct FirstRunFile {
    /// Write what the first start makes into this new file as JSON, readable by you only
    #[arg(long, value_name = "PATH")]
    first_run_file: Option<PathBuf>,
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// One sentence, or all problems of the configuration.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let done = match self.command {
            Command::Schema { operator } => setup::schema(operator),
            Command::CheckConfig => setup::check_config(),
            Command::Serve(serve) => run::serve(Config::from_process()?, serve),
            Command::Worker => run::worker(Config::from_process()?),
            Command::Migrate => setup::migrate(Config::from_process()?),
            Command::Bootstrap { output } => setup::bootstrap(Config::from_process()?, output),
            Command::Operator { command } => operator::run(Config::from_process()?, command),
            Command::MasterKey { command } => master_key::run(Config::from_process()?, command),
            Command::Tenant { command } => tenant::run(Config::from_process()?, command),
            // The only one with more than one way to end.
            Command::Audit { command } => return audit::run(Config::from_process()?, command),
        };
        done.map(|()| ExitCode::SUCCESS)
    }
}

/// Says on standard error why a command failed, with what lies behind it.
#[must_use]
pub fn fail(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    // Whoever closed standard error does not want to know.
    let _ = writeln!(std::io::stderr(), "strongroom: {error:#}");
    ExitCode::FAILURE
}
