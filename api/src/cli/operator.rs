//! `strongroom operator …`: for whoever holds the machine.

use clap::Subcommand;
use data_encoding::BASE64URL_NOPAD;
use store::user::{NewOperator, normal_email};

use crate::{
    adapter::password::Passwords,
    cli::output::{print, runtime},
    config::Config,
    start,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an operator account; the password is made and shown once
    Create {
        /// The operator's e-mail address
        #[arg(long)]
        email: String,
        /// The operator's name
        #[arg(long, default_value = "Operator")]
        name: String,
    },
}

pub(super) fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let Command::Create { email, name } = command;
    let email = normal_email("--email", &email)?;
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes)?;
    let password = BASE64URL_NOPAD.encode(&bytes);
    runtime(&config)?.block_on(async {
        let store = start::store(&config).await?;
        store.deployment().await?;
        let password_hash = Passwords::new().hash(&password).await?;
        store
            .create_operator(NewOperator {
                email: email.clone(),
                name,
                password_hash,
            })
            .await?;
        anyhow::Ok(())
    })?;
    print(format!("{email}  {password}"))
}
