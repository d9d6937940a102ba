//! What the machine gives anybody.

use std::time::Duration;

use sha2::{Digest, Sha256};
use store::testing::{Database, throwaway};

use crate::{Measured, pgbench, table::Row, timing::per_call};

const PERIOD: Duration = Duration::from_secs(4);

pub(crate) async fn measure() -> Measured {
    let block = vec![0x61; 1 << 20];
    let time = per_call(20, || {
        std::hint::black_box(Sha256::digest(&block));
    });
    let sha = 1.0 / time.as_secs_f64();
    let cores = std::thread::available_parallelism()?;
    let mut rows = vec![Row::new(
        format!("machine: {cores} cores, SHA-256 on one"),
        format!("{sha:.0} MiB/s"),
    )];
    rows.push(match postgres().await {
        Ok(tps) => Row::new("machine: pgbench -S, c = 16", format!("{tps:.0} tps")),
        Err(error) => Row::not_measured("machine: pgbench -S", &format!("{error:#}")),
    });
    Ok(rows)
}

async fn postgres() -> anyhow::Result<f64> {
    let database = throwaway(Database::Postgres).await?;
    pgbench::initialize(&database.owner_options).await?;
    let tps = pgbench::tps(&database.owner_options, 16, PERIOD, &["-S"]).await?;
    database.close().await?;
    Ok(tps)
}
