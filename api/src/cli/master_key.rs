//! `strongroom master-key …`: for whoever holds the machine.

use clap::Subcommand;

use crate::{
    cli::output::{print, runtime},
    config::Config,
    start,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Seal everything anew under STRONGROOM_MASTER_KEY that STRONGROOM_MASTER_KEY_PREVIOUS has sealed
    Rotate,
}

pub(super) fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let Command::Rotate = command;
    let done = runtime(&config)?.block_on(async {
        let store = start::store(&config).await?;
        store.deployment().await?;
        anyhow::Ok(store.rotate_master_key().await?)
    })?;
    let number = config.master_key.number;
    let resealed = done.resealed;
    print(format!(
        "Master key {number} is in force; {resealed} seed(s) were sealed anew."
    ))?;
    match done.api_keys_left {
        0 => print("STRONGROOM_MASTER_KEY_PREVIOUS is not needed any more."),
        left => print(format!(
            "{left} API key(s) work only while STRONGROOM_MASTER_KEY_PREVIOUS is set: replace them first."
        )),
    }
}
