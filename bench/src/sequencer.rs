//! From the outbox into the chain, by size of the batch.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use policy::Role;
use store::testing::{Database, Seed, Throwaway, seed, throwaway};

use crate::{Measured, table::Row};

/// Entries of one transaction, and how many are appended in all.
const BATCHES: &[(u64, u64)] = &[(1, 300), (100, 10_000), (1_000, 20_000)];

pub(crate) async fn measure() -> Measured {
    let mut rows = Vec::new();
    for kind in [Database::Sqlite, Database::Postgres] {
        let database = throwaway(kind).await?;
        let seed = seed(&database.store).await?;
        for (batch, count) in BATCHES {
            rows.push(at(&database, &seed, *batch, *count).await?);
        }
        database.close().await?;
    }
    Ok(rows)
}

async fn at(database: &Throwaway, seed: &Seed, batch: u64, count: u64) -> anyhow::Result<Row> {
    let principal = seed.actor(Role::Owner).principal();
    database.sequence_all().await?;
    database
        .store
        .fill_outbox(seed.tenant, principal, count)
        .await?;
    let start = Instant::now();
    while database.store.sequence_batch(batch).await?.entries > 0 {}
    let ours = count as f64 / start.elapsed().as_secs_f64();
    let aim = match database.kind() {
        Database::Sqlite => 20_000.0,
        Database::Postgres => 10_000.0,
    };
    let copied = copy(database, seed, batch, count).await?;
    let bare = count as f64 / copied.as_secs_f64();
    Ok(Row::new(
        format!("sequencer, {:?}, batch {batch}", database.kind()),
        format!("{ours:.0} entries/s"),
    )
    .beside(format!(
        "INSERT … SELECT of the same entries in as many transactions: {bare:.0}/s"
    ))
    .part(ours, bare)
    .aim_if(batch == 1_000, &format!("≥ {aim:.0}/s"), ours >= aim))
}

/// The same entries from table to table inside the database, in transactions of the same size.
async fn copy(
    database: &Throwaway,
    seed: &Seed,
    batch: u64,
    count: u64,
) -> anyhow::Result<Duration> {
    let tenant = seed.tenant.uuid();
    let columns = "tenant_id, epoch, seq, event_id, leaf, raw, action, outcome, actor_type, actor_id, \
                   occurred_at, sequenced_at";
    database
        .tamper(&format!(
            "CREATE TABLE bench_entry AS SELECT {columns} FROM audit_entry WHERE 1 = 0; \
             CREATE UNIQUE INDEX bench_by_seq ON bench_entry (tenant_id, epoch, seq); \
             CREATE UNIQUE INDEX bench_by_event ON bench_entry (tenant_id, event_id)"
        ))
        .await?;
    let newest = format!("SELECT CAST(size AS TEXT) FROM audit_head WHERE tenant_id = '{tenant}'");
    let newest = database.look(&newest).await?;
    let size: u64 = newest.into_iter().flatten().collect::<String>().parse()?;
    let mut sql = String::new();
    for from in (size - count..size).step_by(usize::try_from(batch)?) {
        let to = (from + batch).min(size);
        write!(
            sql,
            "BEGIN; INSERT INTO bench_entry SELECT {columns} FROM audit_entry \
             WHERE tenant_id = '{tenant}' AND seq >= {from} AND seq < {to}; COMMIT;"
        )?;
    }
    let start = Instant::now();
    database.tamper(&sql).await?;
    let took = start.elapsed();
    database.tamper("DROP TABLE bench_entry").await?;
    Ok(took)
}
