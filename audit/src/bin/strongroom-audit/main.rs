//! `strongroom-audit`: verifies evidence bundles. No server, no database, no account, no network.
//!
//! Exit codes: 0 intact (documented gaps included), 2 broken, 3 inconclusive, 64 usage.

mod args;
mod compare;
mod directory;
mod input;
mod show;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// What the program ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Intact,
    Broken,
    Inconclusive,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Intact => 0,
            Outcome::Broken => 2,
            Outcome::Inconclusive => 3,
        })
    }
}

/// Wrong arguments, `sysexits.h` says.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // A closed stream is the reader's business.
            drop(error.print());
            return if error.use_stderr() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match run(args.command) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            input::complain(&format!("{error:#}"));
            ExitCode::from(USAGE)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Verify(args) => verify::run(&args),
        Command::Inspect(args) => show::inspect(&args),
        Command::Prove(args) => show::prove(&args),
        Command::Diff(args) => compare::run(&args),
    }
}
