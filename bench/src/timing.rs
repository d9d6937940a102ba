//! How long things take.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

const ROUNDS: usize = 5;

/// The time of one call: the median of five rounds of `calls`.
pub(crate) fn per_call(calls: u32, mut call: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed() / calls
    });
    median(rounds.collect())
}

/// The middle one; zero of none.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The time of one thing.
pub(crate) async fn timed<T>(
    thing: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(T, Duration)> {
    let start = Instant::now();
    let made = thing.await?;
    Ok((made, start.elapsed()))
}

/// What a number of clients got done.
#[derive(Debug)]
pub(crate) struct Load {
    times: Vec<Duration>,
    elapsed: Duration,
}

impl Load {
    /// Calls that were answered.
    pub(crate) fn calls(&self) -> usize {
        self.times.len()
    }

    /// Calls per second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time that `percent` of a hundred calls stayed within.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let index = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(index).copied().unwrap_or_default()
    }
}

/// Lets `clients` call one after the other for a time. The client's number is the argument.
pub(crate) async fn load<F, Fut>(clients: usize, period: Duration, call: F) -> anyhow::Result<Load>
where
    F: Fn(usize) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send,
{
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let call = call.clone();
        tasks.spawn(async move {
            let mut times = Vec::new();
            while start.elapsed() < period {
                let begun = Instant::now();
                call(client).await?;
                times.push(begun.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        times.extend(joined??);
    }
    let elapsed = start.elapsed();
    times.sort_unstable();
    Ok(Load { times, elapsed })
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Microseconds.
pub(crate) fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
