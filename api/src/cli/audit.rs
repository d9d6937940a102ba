//! `strongroom audit …`: for whoever holds the machine.

mod prune;

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
    /// Delete what is older than a log is kept: a dry run gives a plan, its hash agrees to it
    Prune(prune::Prune),
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

pub(super) fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let log = match command {
        Command::Prune(prune) => return prune::run(&config, &prune),
        Command::RotateKey(log) => log,
    };
    let rotated = runtime(&config)?.block_on(async {
        let store = start::store(&config).await?;
        store.deployment().await?;
        let tenant = log.tenant.unwrap_or(TenantId::SYSTEM);
        anyhow::Ok(store.rotate_log_key_by_duty(tenant).await?)
    })?;
    print(rotated.vkey)
}
