//! The second start of the embedded default, and what it holds when nobody asks.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tests::{App, Stack, process::run};

use crate::{
    Measured, process,
    table::Row,
    timing::{median, ms},
};

const ROUNDS: usize = 5;
const SETTLED: Duration = Duration::from_secs(3);

pub(crate) async fn measure() -> Measured {
    let mut app = App::start(Stack::Sqlite).await?;
    let (mut starts, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ensure!(
            app.terminate().await?,
            "it did not end cleanly: {}",
            app.log()
        );
        let start = Instant::now();
        app.launch().await?;
        starts.push(start.elapsed());
        bare.push(version(&app).await?);
    }
    tokio::time::sleep(SETTLED).await;
    let pid = *app.process_ids().first().context("no server")?;
    let idle = process::mib(process::resident(pid)?);
    app.close().await?;
    let (ready, bare) = (ms(median(starts)), ms(median(bare)));
    Ok(vec![
        Row::new(
            "start to ready, embedded, second start",
            format!("{ready:.0} ms, asked every 20 ms"),
        )
        .beside(format!("`strongroom --version`: {bare:.0} ms"))
        .aim("≤ 500 ms", ready <= 500.0),
        Row::new("idle memory, embedded (VmRSS)", format!("{idle:.0} MiB"))
            .aim("≤ 80 MiB", idle <= 80.0),
    ])
}

async fn version(app: &App) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let (done, _, error) = run(&["--version"], app.environment()).await?;
    ensure!(done, "{error}");
    Ok(start.elapsed())
}
