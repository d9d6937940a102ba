//! Verification of a long log where it lies.

use std::time::{Duration, Instant};

use anyhow::ensure;
use audit::hash::leaf;
use policy::Role;
use store::{
    testing::{Database, Seed, Throwaway, seed, throwaway},
    verification::StartedBy,
    verify::Verdict,
};

use crate::{
    Measured, process,
    table::Row,
    timing::{ms, timed},
};

/// Entries that came behind the last run.
const NEW: u64 = 10_000;

pub(crate) async fn measure() -> Measured {
    let mut rows = Vec::new();
    for kind in [Database::Sqlite, Database::Postgres] {
        let database = throwaway(kind).await?;
        let seed = seed(&database.store).await?;
        rows.push(of(&database, &seed).await?);
        rows.push(since(&database, &seed).await?);
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
    let per_million = Duration::from_secs_f64(took.as_secs_f64() * 1e6 / count);
    let aim = match database.kind() {
        Database::Sqlite => Duration::from_secs(3),
        Database::Postgres => Duration::from_secs(4),
    };
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
    .part(ours, bare)
    .aim(
        &format!("1 000 000 in ≤ {} s", aim.as_secs()),
        per_million <= aim,
    ))
}

/// What came behind the last run: the second run of two, beside the first.
async fn since(database: &Throwaway, seed: &Seed) -> anyhow::Result<Row> {
    let principal = seed.actor(Role::Owner).principal();
    let full = run(database, seed, true).await?;
    let store = &database.store;
    store.fill_outbox(seed.tenant, principal, NEW).await?;
    database.sequence_all().await?;
    let incremental = run(database, seed, false).await?;
    Ok(Row::new(
        format!(
            "verification of {NEW} new entries behind {}, {:?}",
            entries(),
            database.kind()
        ),
        format!("{:.0} ms", ms(incremental)),
    )
    .beside(format!("all of them: {:.0} ms", ms(full)))
    .part(incremental.as_secs_f64(), full.as_secs_f64())
    .aim("≤ 200 ms", incremental <= Duration::from_millis(200)))
}

/// A run as the worker makes it, its row and its entries included.
async fn run(database: &Throwaway, seed: &Seed, full: bool) -> anyhow::Result<Duration> {
    let store = &database.store;
    let begun = store
        .begin_verification_by_duty(seed.tenant, full, StartedBy::Command)
        .await?;
    database.sequence_all().await?;
    let verifying = async {
        let run = store.run_verification(&begun.run, Vec::new(), |_| ());
        Ok(run.await?)
    };
    let (ended, took) = timed(verifying).await?;
    ensure!(ended.verdict.as_deref() == Some("INTACT"), "{ended:?}");
    Ok(took)
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
