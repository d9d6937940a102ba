//! How long after a revocation the last replica refuses.

use std::time::Duration;

use tests::replicas::{Messages, REPLICAS, Replicas};

use crate::{Measured, table::Row};

const ROUNDS: usize = 40;
const CLIENTS: usize = 8;

pub(crate) async fn measure() -> Measured {
    let mut rows = Vec::new();
    for (messages, how, aim_ms) in [
        (Messages::Heard, "Redis up", 1_000),
        (Messages::Dropped, "every message dropped", 2_000),
        (Messages::Stopped, "Redis stopped", 2_000),
    ] {
        let mut replicas = Replicas::start(&[]).await?;
        replicas.set(messages).await?;
        let load = replicas.load(CLIENTS);
        let mut latencies = replicas.revoke_keys(ROUNDS).await?;
        drop(load);
        latencies.sort_unstable();
        let at = |percent: usize| millis(&latencies, percent);
        let figures = format!(
            "p50 {} ms, p90 {} ms, p99 {} ms, most {} ms",
            at(50),
            at(90),
            at(99),
            at(100)
        );
        rows.push(
            Row::new(
                format!("a revoked key on each of {REPLICAS} replicas, {how}"),
                figures,
            )
            .beside(format!(
                "{} refusals, {CLIENTS} clients beside",
                latencies.len()
            ))
            .aim(&format!("p99 ≤ {aim_ms} ms"), at(99) <= aim_ms),
        );
        replicas.app.close().await?;
    }
    Ok(rows)
}

fn millis(sorted: &[Duration], percent: usize) -> u128 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted
        .get(index)
        .map(Duration::as_millis)
        .unwrap_or_default()
}
