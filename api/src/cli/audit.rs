//! `strongroom audit …`: for whoever holds the machine.

mod directory;
mod export;
mod prune;
mod recover;
mod verify;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use entity::TenantId;

use crate::{
    cli::output::{print, runtime},
    config::Config,
    start,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Give a log a new signing key; the present one signs beside it until the overlap is over
    RotateKey(Log),
    /// Write a log as an evidence bundle, as OCSF events or as a table
    Export(export::Arguments),
    /// Delete what is older than a log is kept: a dry run gives a plan, its hash agrees to it
    Prune(prune::Prune),
    /// Verify a log, or all of them: 0 intact, 2 broken, 3 inconclusive
    Verify(verify::Arguments),
    /// Close a log in quarantine and begin its next epoch, which names what is lost
    Recover(recover::Arguments),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Log {
    /// The tenant whose log it is, `tnt_…`
    #[arg(long, value_name = "ID")]
    tenant: Option<TenantId>,
    /// The log of the service itself
    #[arg(long)]
    system: bool,
}

impl Log {
    fn tenant(&self) -> TenantId {
        self.tenant.unwrap_or(TenantId::SYSTEM)
    }
}

pub(super) fn run(config: Config, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::RotateKey(log) => rotate_key(&config, &log),
        Command::Export(arguments) => export::run(config, &arguments).map(|()| ExitCode::SUCCESS),
        Command::Prune(arguments) => prune::run(&config, &arguments).map(|()| ExitCode::SUCCESS),
        Command::Verify(arguments) => verify::run(&config, &arguments),
        Command::Recover(arguments) => recover::run(&config, &arguments),
    }
}

fn rotate_key(config: &Config, log: &Log) -> anyhow::Result<ExitCode> {
    let rotated = runtime(config)?.block_on(async {
        let store = start::store(config).await?;
        store.deployment().await?;
        anyhow::Ok(store.rotate_log_key_by_duty(log.tenant()).await?)
    })?;
    print(rotated.vkey)?;
    Ok(ExitCode::SUCCESS)
}
