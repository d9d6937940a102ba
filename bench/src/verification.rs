//! Verification of a long log where it lies.

use std::time::{Duration, Instant};

use anyhow::ensure;
use audit::hash::leaf;
use policy::Role;
use store::{
    testing::{Database, Seed, Throwaway, seed, throwaway},
    verify::Verdict,
};

use crate::{Measured, process, table::Row, timing::timed};

pub(crate) async fn measure() -> Measured {
    let mut rows = Vec::new();
    for kind in [Database::Sqlite, Database::Postgres] {
        let database = throwaway(kind).await?;
        let seed = seed(&database.store).await?;
        rows.push(of(&database, &seed).await?);
        database.close().await?;
    }
    Ok(rows)
}

#[expect(clippy::disallowed_methods, reason = "the one switch of the benchmark")]
fn entries() -> u64 {
    if std::env::var("BENCH_FULL").is_ok_and(|full| full == "1") {
        1_000_000
    } else {
        100_000
    }
}

async fn of(database: &Throwaway, seed: &Seed) -> anyhow::Result<Row> {
    let principal = seed.actor(Role::Owner).principal();
    database
        .store
        .fill_outbox(seed.tenant, principal, entries())
        .await?;
    database.sequence_all().await?;
    let own = std::process::id();
    process::forget_peak(own)?;
    let before = process::resident(own)?;
    let verifying = async { Ok(database.store.verify_chain(seed.tenant, |_| ()).await?) };
    let (verification, took) = timed(verifying).await?;
    let growth = process::mib(process::peak(own)?.saturating_sub(before));
    ensure!(verification.verdict == Verdict::Intact, "{verification:?}");
    let count = verification.size as f64;
    let (ours, bare) = (
        count / took.as_secs_f64(),
        count / hashed(database, seed).await?.as_secs_f64(),
    );
    Ok(Row::new(
        format!("verification of {count:.0} entries, {:?}", database.kind()),
        format!("{ours:.0} entries/s, memory grows by {growth:.0} MiB"),
    )
    .beside(format!(
        "SHA-256 of as many bytes in as many pieces, one core: {bare:.0}/s"
    ))
    .part(ours, bare))
}

/// The time to hash as many pieces of the same mean length, without a database.
async fn hashed(database: &Throwaway, seed: &Seed) -> anyhow::Result<Duration> {
    let tenant = seed.tenant.uuid();
    let mean = format!(
        "SELECT CAST(SUM(LENGTH(raw)) / COUNT(*) AS TEXT) FROM audit_entry WHERE tenant_id = '{tenant}'"
    );
    let mean: String = database.look(&mean).await?.into_iter().flatten().collect();
    let whole = mean.split('.').next().unwrap_or_default();
    let piece = vec![0x61; whole.parse()?];
    let start = Instant::now();
    for _ in 0..=entries() {
        std::hint::black_box(leaf(std::hint::black_box(&piece)));
    }
    Ok(start.elapsed())
}
