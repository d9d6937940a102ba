//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Verifies evidence bundles of audit logs.
#[derive(Debug, Parser)]
#[command(
    name = "strongroom-audit",
    version,
    about,
    after_help = "Exit codes: 0 intact (documented gaps included), 2 broken, 3 inconclusive, 64 usage."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify a whole bundle.
    Verify(Verify),
    /// Show one entry, its disclosures, and whether it is in the tree of the checkpoint.
    Inspect(One),
    /// Write the proof that an entry is in the log, as C2SP tlog-proof.
    Prove(One),
    /// Compare two checkpoints of one log.
    Diff(Diff),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The bundle: a `.tar.zst` or a directory.
    pub(crate) bundle: PathBuf,
    /// A verifier key, or a file of them; of the log, and of cosigners whose times count. Can be repeated.
    #[arg(long = "key", required_unless_present = "no_key")]
    pub(crate) keys: Vec<String>,
    /// Check chain and tree only: says nothing about who made the log.
    #[arg(long, conflicts_with = "keys")]
    pub(crate) no_key: bool,
    /// A checkpoint that you kept from before.
    #[arg(long)]
    pub(crate) receipt: Option<PathBuf>,
    /// The newest checkpoint anchored outside.
    #[arg(long)]
    pub(crate) anchor: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing; the exit code is the answer.
    #[arg(long, conflicts_with = "json")]
    pub(crate) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The bundle: a `.tar.zst` or a directory.
    pub(crate) bundle: PathBuf,
    /// The number of the entry.
    pub(crate) seq: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// A checkpoint.
    pub(crate) one: PathBuf,
    /// Another checkpoint of the same log.
    pub(crate) other: PathBuf,
    /// A bundle of the log; needed when the sizes differ.
    #[arg(long)]
    pub(crate) bundle: Option<PathBuf>,
    /// A verifier key, or a file of them: both checkpoints have to be signed.
    #[arg(long = "key")]
    pub(crate) keys: Vec<String>,
}
