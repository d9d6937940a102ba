//! Repeating something until it is told to stop, whatever becomes of a single pass.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use tokio::time::{sleep, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{app::App, error::Error};

const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Tasks that run until they are stopped together.
#[derive(Debug)]
#[must_use = "its tasks end when it is stopped, and not before"]
pub struct Running {
    stop: CancellationToken,
    tasks: TaskTracker,
    all: TaskTracker,
    grace: Duration,
}

/// What a pass wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// There is more to do.
    AtOnce,
    /// Nothing more for now.
    Later,
}

impl Running {
    pub(super) fn new(app: &App) -> Self {
        Self {
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            all: app.tasks.clone(),
            grace: app.config.drain.grace,
        }
    }

    /// Tells the tasks to stop and waits for the passes they are in, for `STRONGROOM_DRAIN_GRACE` at
    /// most: every pass can be broken off, and is done again by somebody.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if timeout(self.grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                tasks = self.tasks.len(),
                "background tasks did not end within the grace"
            );
        }
    }

    /// Repeats `pass`; between two passes it waits for `pause`, after a failure longer each time.
    pub(super) fn repeat<P, F, W, G>(&mut self, name: &'static str, mut pass: P, mut pause: W)
    where
        P: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<Next, Error>> + Send,
        W: FnMut() -> G + Send + 'static,
        G: Future<Output = ()> + Send,
    {
        let stop = self.stop.clone();
        self.spawn(async move {
            let mut failures = 0;
            while !stop.is_cancelled() {
                let next = attempt(name, &mut pass).await;
                failures = if next.is_ok() { 0 } else { failures + 1 };
                let rest = async {
                    match next {
                        Ok(Next::AtOnce) => {}
                        Ok(Next::Later) => pause().await,
                        Err(Failed) => sleep(backoff(failures)).await,
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = rest => {}
                }
            }
        });
    }

    /// Runs `task`, which has no end of its own and may be dropped at any time, until all are stopped.
    pub(super) fn endless(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    pub(super) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        // Also in the application's set, so that nothing outlives it.
        self.all.spawn(self.tasks.track_future(task));
    }
}

#[derive(Debug)]
struct Failed;

async fn attempt<P, F>(name: &'static str, pass: &mut P) -> Result<Next, Failed>
where
    P: FnMut() -> F,
    F: Future<Output = Result<Next, Error>>,
{
    let began = Instant::now();
    let outcome = AssertUnwindSafe(async { pass().await })
        .catch_unwind()
        .await;
    metrics::histogram!("strongroom_task_pass_seconds", "task" => name)
        .record(began.elapsed().as_secs_f64());
    match outcome {
        Ok(Ok(next)) => return Ok(next),
        Ok(Err(error)) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(task = name, error.message = %error, error.cause = cause, "a pass failed");
        }
        Err(_) => {
            metrics::counter!("strongroom_panics_total", "where" => name).increment(1);
            tracing::error!(task = name, "a pass panicked");
        }
    }
    metrics::counter!("strongroom_task_failures_total", "task" => name).increment(1);
    Err(Failed)
}

fn backoff(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (FIRST_BACKOFF * 2_u32.pow(doublings)).min(LONGEST_BACKOFF)
}

/// `interval`, give or take a tenth, so that replicas do not all come at once.
pub(super) fn jittered(interval: Duration) -> Duration {
    let mut byte = [128];
    if getrandom::fill(&mut byte).is_err() {
        return interval;
    }
    let spread = f64::from(byte[0]) / f64::from(u8::MAX);
    interval.mul_f64(0.9 + 0.2 * spread)
}

/// A pause of `interval`, give or take a tenth.
pub(super) fn every(interval: Duration) -> impl FnMut() -> tokio::time::Sleep + Send + 'static {
    move || sleep(jittered(interval))
}

#[cfg(test)]
mod tests;
