//! What it costs to be counted, in this process and over all of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use api::{
    adapter::{
        limiter::{Limiter, Limits},
        redis::Redis,
    },
    config::{self, Config},
};
use policy::Tier;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    Measured,
    table::Row,
    timing::{median, us},
};

const CALLS: u32 = 2_000;
const ROUNDS: usize = 5;
const AT_ONCE: usize = 64;
const URL: &str = "redis://127.0.0.1:6379";

pub(crate) async fn measure() -> Measured {
    let config = Config::from_pairs::<&str, &str>([])?;
    let limits = Limits::new(&config.rate_limits, &config.tiers);
    let redis = Redis::new(&config::Redis {
        url: URL.into(),
        prefix: format!("bench:{}", Uuid::now_v7()),
        timeout: Duration::from_secs(1),
    })?;
    let own = redis.clone();
    tokio::select! {
        () = own.keep() => Ok(Vec::new()),
        rows = rows(&limits, &redis) => rows,
    }
}

async fn rows(limits: &Limits, redis: &Redis) -> Measured {
    let began = Instant::now();
    while !redis.is_connected() {
        ensure!(
            began.elapsed() < Duration::from_secs(5),
            "no Redis at {URL}"
        );
        tokio::task::yield_now().await;
    }
    let alone = Limiter::new(limits, 1, None);
    let shared = Arc::new(Limiter::new(limits, 1, Some(redis.clone())));
    let round_trip = published(redis).await;
    let own = decided(&alone).await;
    let over_all = decided(&shared).await;
    let rate = rate(&shared).await;
    Ok(vec![
        Row::new(
            "limits of a request, in the process",
            format!("{own:.2} µs"),
        ),
        Row::new(
            "limits of a request, over all processes",
            format!("{over_all:.0} µs"),
        )
        .beside(format!(
            "one PUBLISH on the same connection: {round_trip:.0} µs"
        ))
        .times(over_all, round_trip),
        Row::new(
            format!("decisions of one process in Redis, {AT_ONCE} at a time"),
            format!("{rate:.0}/s"),
        ),
    ])
}

/// Microseconds of a decision, one after the other; the median of five rounds.
async fn decided(limiter: &Limiter) -> f64 {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            limiter.request(Uuid::now_v7(), Tier::Professional).await;
        }
        rounds.push(start.elapsed() / CALLS);
    }
    us(median(rounds))
}

/// Microseconds of a message that nobody hears.
async fn published(redis: &Redis) -> f64 {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            redis.publish("bench", "nobody listens".to_owned()).await;
        }
        rounds.push(start.elapsed() / CALLS);
    }
    us(median(rounds))
}

async fn rate(limiter: &Arc<Limiter>) -> f64 {
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..AT_ONCE {
        let limiter = Arc::clone(limiter);
        clients.spawn(async move {
            for _ in 0..CALLS {
                limiter.request(Uuid::now_v7(), Tier::Professional).await;
            }
        });
    }
    clients.join_all().await;
    f64::from(CALLS) * AT_ONCE as f64 / start.elapsed().as_secs_f64()
}
