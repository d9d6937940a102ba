//! The `strongroom` binary.

use clap::Parser;

fn main() -> std::process::ExitCode {
    match api::cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => api::cli::fail(&error),
    }
}
