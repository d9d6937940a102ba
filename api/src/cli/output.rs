//! Printing, and the runtime commands run on.

use std::io::Write;

use crate::config::Config;

/// Prints to standard output.
pub(super) fn print(text: impl std::fmt::Display) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Says on standard error what is allowed and seldom right.
pub(super) fn warn(text: impl std::fmt::Display) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "strongroom: warning: {text}")?)
}

/// The runtime with as many threads as configured.
pub(super) fn runtime(config: &Config) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = config.server.worker_threads {
        builder.worker_threads(threads);
    }
    Ok(builder.enable_all().build()?)
}
