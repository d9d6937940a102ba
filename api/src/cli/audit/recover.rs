//! `strongroom audit recover`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use store::{Store, ledger::Recovery};

use super::Log;
use crate::{
    cli::output::{print, runtime},
    config::Config,
    start,
    worker::anchor,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    log: Log,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print what was done as a line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let recovery = runtime(config)?.block_on(recover(config, arguments))?;
    if arguments.json {
        print(document(&recovery))?;
    } else {
        print(sentence(&recovery))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn recover(config: &Config, arguments: &Arguments) -> anyhow::Result<Recovery> {
    let store = start::store(config).await?;
    store.deployment().await?;
    compare(config, &store).await?;
    let tenant = arguments.log.tenant();
    Ok(if arguments.dry_run {
        store.plan_recovery(tenant).await?
    } else {
        store.recover_log(tenant).await?
    })
}

/// Nobody may have noticed yet that the database was put back.
async fn compare(config: &Config, store: &Store) -> anyhow::Result<()> {
    let (anchors, embedded) = start::anchors(config, store).await?;
    let compared = anchor::compare(store, &anchors).await;
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    compared.map_err(|error| anyhow::anyhow!(start::describe(&error)))?;
    Ok(())
}

fn document(recovery: &Recovery) -> Value {
    let head = |head: &audit::genesis::NamedHead| {
        json!({
            "origin": head.origin,
            "size": head.tree.size,
            "root": head.tree.root.to_hex(),
        })
    };
    json!({
        "done": recovery.receipt.is_some(),
        "tenant": recovery.tenant.to_string(),
        "epoch": recovery.epoch,
        "origin": recovery.origin,
        "kept": head(&recovery.previous.kept),
        "known": recovery.previous.known.as_ref().map(head),
        "lost": recovery.previous.lost(),
    })
}

fn sentence(recovery: &Recovery) -> String {
    let Recovery {
        epoch, previous, ..
    } = recovery;
    let verb = if recovery.receipt.is_some() {
        "has begun"
    } else {
        "would begin"
    };
    let known = previous.known.as_ref().map_or_else(
        || "no larger head is known outside".to_owned(),
        |known| format!("{} were known outside", known.tree.size),
    );
    format!(
        "Epoch {epoch} {verb}. Of the epoch before, {} entries are kept and {known}; {} are lost.",
        previous.kept.tree.size,
        previous.lost()
    )
}
