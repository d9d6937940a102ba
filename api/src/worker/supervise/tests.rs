use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::sync::Notify;

use super::*;
use crate::error::Code;

fn running() -> Running {
    Running {
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
        all: TaskTracker::new(),
        grace: Duration::from_secs(5),
    }
}

/// Runs a task whose first pass does `first` and whose second says so, and waits for the second.
async fn second_pass_after<F>(first: impl Fn() -> F + Send + 'static)
where
    F: Future<Output = Result<Next, Error>> + Send + 'static,
{
    let passes = Arc::new(AtomicU32::new(0));
    let second = Arc::new(Notify::new());
    let (count, reached) = (Arc::clone(&passes), Arc::clone(&second));
    let mut running = running();
    let pass = move || {
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        let outcome = is_first.then(&first);
        let reached = Arc::clone(&reached);
        async move {
            match outcome {
                Some(outcome) => outcome.await,
                None => {
                    reached.notify_one();
                    Ok(Next::Later)
                }
            }
        }
    };
    running.repeat("test", pass, every(Duration::from_secs(3_600)));
    second.notified().await;
    running.stop().await;
    assert_eq!(passes.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_task_goes_on_after_a_failed_pass() {
    second_pass_after(|| async { Err(Error::new(Code::Unavailable)) }).await;
}

#[tokio::test]
async fn a_task_goes_on_after_a_pass_that_panicked() {
    second_pass_after(|| async { panic!("a pass of a test") }).await;
}

#[tokio::test]
async fn a_task_with_more_to_do_goes_on_at_once() {
    second_pass_after(|| async { Ok(Next::AtOnce) }).await;
}

#[test]
fn failures_wait_longer_each_time_and_not_forever() {
    assert_eq!(backoff(1), FIRST_BACKOFF);
    assert_eq!(backoff(2), FIRST_BACKOFF * 2);
    assert_eq!(backoff(1_000), LONGEST_BACKOFF);
}

#[test]
fn intervals_vary_by_a_tenth() {
    let interval = Duration::from_secs(100);
    for _ in 0..100 {
        let jittered = jittered(interval);
        assert!((90..=111).contains(&jittered.as_secs()), "{jittered:?}");
    }
}
