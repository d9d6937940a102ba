//! Logs and metrics: what the process says about itself.
//!
//! Libraries that write requests with their signatures or statements with their values are kept quiet whatever the
//! filter says.

mod metric;
mod panic;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt, ParseError, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{Log, LogFormat};

pub use self::metric::{METRICS, Metric, MetricKind};

/// Beginnings of targets that may write signatures, headers or values of statements, and the most they may say. And
/// one that calls it an error when a connection is closed on a client that goes on sending after its answer.
const QUIET: [(&str, LevelFilter); 9] = [
    ("actix_http::h1::dispatcher", LevelFilter::OFF),
    ("s3s", LevelFilter::OFF),
    ("aws", LevelFilter::WARN),
    ("hyper", LevelFilter::WARN),
    ("h2", LevelFilter::WARN),
    ("reqwest", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("sqlx", LevelFilter::WARN),
    ("sea_orm", LevelFilter::WARN),
];

/// Upper ends of the buckets of every histogram, in seconds.
const BUCKETS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Why logs or metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("STRONGROOM_LOG is not a filter such as info,strongroom=debug: change it.")]
    Filter(#[source] ParseError),
    /// Something in this process logs already.
    #[error("Logging was set up twice in this process.")]
    Log(#[source] TryInitError),
    /// Something in this process keeps metrics already.
    #[error("Metrics were set up twice in this process.")]
    Metrics(#[source] &'static BuildError),
}

/// Sends everything that is logged, panics included, to standard output. Once per process.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    subscriber(log, std::io::stdout)?
        .try_init()
        .map_err(TelemetryError::Log)?;
    panic::log_panics();
    Ok(())
}

/// Keeps the metrics of the process and renders them for Prometheus; every call returns the same.
///
/// [`PrometheusHandle::run_upkeep`] wants to be called every few seconds, or histograms grow until they are rendered.
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    static HANDLE: OnceLock<Result<PrometheusHandle, BuildError>> = OnceLock::new();
    let installed = HANDLE.get_or_init(|| {
        let handle = builder()?.install_recorder()?;
        METRICS.iter().for_each(Metric::describe);
        Ok(handle)
    });
    installed.as_ref().cloned().map_err(TelemetryError::Metrics)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)
}

fn subscriber<W>(log: &Log, writer: W) -> Result<impl Subscriber + Send + Sync, TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&log.filter).map_err(TelemetryError::Filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    Ok(Registry::default().with(lines.with_filter(filter.and(quiet()))))
}

fn quiet() -> Targets {
    Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(QUIET)
}
