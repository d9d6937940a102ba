//! Postgres' own benchmark, as the reference of what the same server gives without us.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use secrecy::ExposeSecret;
use store::DatabaseOptions;
use tokio::process::Command;

/// Transactions per second.
pub(crate) async fn tps(
    options: &DatabaseOptions,
    clients: usize,
    period: Duration,
    arguments: &[&str],
) -> anyhow::Result<f64> {
    let (clients, seconds) = (clients.to_string(), period.as_secs().max(1).to_string());
    let mut all = vec![
        "-n", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds,
    ];
    all.extend(arguments);
    let said = run(options, &all).await?;
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("pgbench gave no tps")?.parse()?)
}

/// As [`tps`], of a script.
pub(crate) async fn tps_of_script(
    options: &DatabaseOptions,
    clients: usize,
    period: Duration,
    script: &Path,
) -> anyhow::Result<f64> {
    let script = script.display().to_string();
    tps(options, clients, period, &["-f", &script]).await
}

/// Makes pgbench's own tables.
pub(crate) async fn initialize(options: &DatabaseOptions) -> anyhow::Result<()> {
    run(options, &["-i", "-q", "-s", "5"]).await.map(drop)
}

async fn run(options: &DatabaseOptions, arguments: &[&str]) -> anyhow::Result<String> {
    let DatabaseOptions::Postgres { url, .. } = options else {
        anyhow::bail!("pgbench needs Postgres");
    };
    let output = Command::new("pgbench")
        .args(arguments)
        .arg(url.expose_secret())
        .output()
        .await
        .context("pgbench cannot be started")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pgbench: {error}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
