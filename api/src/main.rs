//! The `strongroom` binary.

use clap::Parser;

fn main() -> std::process::ExitCode {
    match api::cli::Cli::parse().run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => api::cli::fail(&error),
    }
}
