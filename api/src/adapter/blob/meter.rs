//! How long the store takes and how often it fails.

use std::collections::VecDeque;
use std::error::Error;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::BlobError;

const WINDOW: Duration = Duration::from_secs(300);
/// Enough for percentiles; under load the window holds the newest of them.
const MAX_SAMPLES: usize = 2_048;

/// How the store answered within the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoreHealth {
    /// Operations the numbers are from, at most 2 048.
    pub operations: usize,
    /// Those the store failed; an object that does not exist is an answer, not a failure.
    pub errors: usize,
    /// Errors per operation, 0 to 1.
    pub error_rate: f64,
    /// Half of the operations took no longer.
    pub p50: Duration,
    /// Of twenty operations nineteen took no longer.
    pub p95: Duration,
    /// Of a hundred operations ninety-nine took no longer.
    pub p99: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Meter {
    samples: Mutex<VecDeque<Sample>>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    ended_at: Instant,
    took: Duration,
    is_error: bool,
}

impl Meter {
    /// Runs one operation, sorts its error and remembers how it went.
    pub(super) async fn run<T, E>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, BlobError>
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let started_at = Instant::now();
        let result = call.await.map_err(|error| BlobError::new(operation, error));
        let failed = result.as_ref().err().filter(|error| !error.is_answer());
        self.note(operation, started_at, failed);
        result
    }

    fn note(&self, operation: &'static str, started_at: Instant, failed: Option<&BlobError>) {
        let ended_at = Instant::now();
        let took = ended_at.duration_since(started_at);
        metrics::histogram!("strongroom_store_operation_seconds", "operation" => operation)
            .record(took.as_secs_f64());
        if let Some(error) = failed {
            metrics::counter!(
                "strongroom_store_errors_total", "operation" => operation, "kind" => error.kind()
            )
            .increment(1);
        }
        self.remember(Sample {
            ended_at,
            took,
            is_error: failed.is_some(),
        });
    }

    fn remember(&self, sample: Sample) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == MAX_SAMPLES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    pub(super) fn health(&self) -> StoreHealth {
        let now = Instant::now();
        let mut recent: Vec<Sample> = {
            let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
            samples
                .iter()
                .filter(|sample| now.duration_since(sample.ended_at) <= WINDOW)
                .copied()
                .collect()
        };
        recent.sort_unstable_by_key(|sample| sample.took);
        let errors = recent.iter().filter(|sample| sample.is_error).count();
        StoreHealth {
            operations: recent.len(),
            errors,
            error_rate: rate(errors, recent.len()),
            p50: percentile(&recent, 50),
            p95: percentile(&recent, 95),
            p99: percentile(&recent, 99),
        }
    }
}

/// The smallest time that `percent` of the samples do not exceed; zero without samples.
fn percentile(sorted: &[Sample], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted
        .get(rank)
        .map_or(Duration::ZERO, |sample| sample.took)
}

#[expect(clippy::cast_precision_loss, reason = "both counts are at most 2 048")]
fn rate(errors: usize, operations: usize) -> f64 {
    if operations == 0 {
        0.0
    } else {
        errors as f64 / operations as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(millis: u64, is_error: bool) -> Sample {
        Sample {
            ended_at: Instant::now(),
            took: Duration::from_millis(millis),
            is_error,
        }
    }

    #[test]
    fn an_idle_store_is_healthy() {
        let health = Meter::default().health();
        assert_eq!((health.operations, health.errors), (0, 0));
        assert!(health.error_rate.abs() < f64::EPSILON);
        assert_eq!(health.p99, Duration::ZERO);
    }

    #[test]
    fn percentiles_and_the_error_rate_are_those_of_the_samples() {
        let meter = Meter::default();
        for millis in 1..=100 {
            meter.remember(sample(millis, millis > 90));
        }
        let health = meter.health();
        assert_eq!((health.operations, health.errors), (100, 10));
        assert!((health.error_rate - 0.1).abs() < 1e-9);
        assert_eq!(
            [health.p50, health.p95, health.p99],
            [50, 95, 99].map(Duration::from_millis)
        );
    }

    #[test]
    fn only_the_newest_samples_are_kept() {
        let meter = Meter::default();
        meter.remember(sample(60_000, true));
        for _ in 0..MAX_SAMPLES {
            meter.remember(sample(1, false));
        }
        let health = meter.health();
        assert_eq!((health.operations, health.errors), (MAX_SAMPLES, 0));
    }
}
