//! `strongroom tenant …`: for whoever holds the machine.

mod export;
mod purge;
mod sink;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write down everything a tenant has: rows as NDJSON, and its objects
    Export(export::Arguments),
    /// Take a deactivated tenant away: a dry run gives a plan, its hash agrees to it
    Purge(purge::Arguments),
}

pub(super) fn run(config: Config, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Export(arguments) => export::run(config, &arguments),
        Command::Purge(arguments) => purge::run(config, &arguments),
    }
}

/// Drawn on a terminal only, and then on standard error.
fn bar(length: u64, style: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
