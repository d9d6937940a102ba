use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rstest::rstest;

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `act` logs under a filter and a format.
fn logged(filter: &str, format: LogFormat, act: impl FnOnce()) -> String {
    let lines = Lines::default();
    let log = Log {
        filter: filter.to_owned(),
        format,
    };
    let writer = lines.clone();
    let subscriber = subscriber(&log, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, act);
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_json_line_has_the_fields_and_the_spans() {
    let line = logged("info", LogFormat::Json, || {
        let span = tracing::info_span!("request", request.id = "r1", tenant.id = "t1");
        span.in_scope(|| tracing::info!(byte_len = 3, "stored\nit"));
    });
    assert_eq!(line.lines().count(), 1);
    let json: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(json["level"], "INFO");
    assert_eq!(json["message"], "stored\nit");
    assert_eq!(json["byte_len"], 3);
    assert_eq!(json["span"]["request.id"], "r1");
    assert_eq!(json["span"]["tenant.id"], "t1");
}

#[test]
fn a_text_line_is_for_people() {
    let line = logged("info", LogFormat::Text, || tracing::warn!("almost full"));
    assert!(
        line.contains(" WARN ") && line.trim_end().ends_with("almost full"),
        "{line}"
    );
}

#[rstest]
#[case("trace")]
#[case("aws_sigv4=trace,hyper_util=trace,s3s=trace,sqlx=trace")]
fn libraries_that_see_secrets_stay_quiet(#[case] filter: &str) {
    let said = logged(filter, LogFormat::Json, || {
        tracing::trace!(target: "aws_sigv4::http_request", "signature");
        tracing::debug!(target: "aws_smithy_runtime::client", "signature");
        tracing::info!(target: "hyper_util::client", "signature");
        tracing::info!(target: "sqlx::query", "signature");
        tracing::error!(target: "s3s::service", "signature");
    });
    assert_eq!(said, "");
}

#[test]
fn warnings_of_libraries_are_heard() {
    let said = logged("info", LogFormat::Json, || {
        tracing::warn!(target: "hyper_util::client", "gone");
    });
    assert!(said.contains("gone"));
}

#[test]
fn a_filter_that_is_none_names_its_variable() {
    let log = Log {
        filter: "a=b=c".to_owned(),
        format: LogFormat::Json,
    };
    let refused = subscriber(&log, io::sink).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "STRONGROOM_LOG is not a filter such as info,strongroom=debug: change it."
    );
}

#[test]
fn a_panic_is_one_line() {
    let line = logged("info", LogFormat::Json, || {
        panic::log_panics();
        let caught = std::panic::catch_unwind(|| std::panic::panic_any("two\nlines"));
        drop(std::panic::take_hook());
        caught.unwrap_err();
    });
    assert_eq!(line.lines().count(), 1);
    let json: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(json["level"], "ERROR");
    assert_eq!(json["target"], "panic");
    assert_eq!(json["message"], "two\nlines");
    assert!(json["location"].as_str().unwrap().contains("tests.rs"));
}

#[test]
fn metrics_are_described_and_named_as_prometheus_wants_them() {
    let recorder = builder().unwrap().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        for metric in METRICS {
            metric.describe();
            match metric.kind {
                MetricKind::Counter => metrics::counter!(metric.name).increment(1),
                MetricKind::Gauge => metrics::gauge!(metric.name).set(1.0),
                MetricKind::Histogram => metrics::histogram!(metric.name).record(0.01),
            }
        }
    });
    let rendered = handle.render();
    for metric in METRICS {
        let Metric { name, kind, help } = metric;
        let (word, suffix) = match kind {
            MetricKind::Counter => ("counter", "_total"),
            MetricKind::Gauge => ("gauge", ""),
            MetricKind::Histogram => ("histogram", "_seconds"),
        };
        assert!(
            name.starts_with("strongroom_") && name.ends_with(suffix),
            "{name}"
        );
        assert_eq!(
            name.ends_with("_total"),
            *kind == MetricKind::Counter,
            "{name}"
        );
        assert!(
            rendered.contains(&format!("# HELP {name} {help}\n")),
            "{name}"
        );
        assert!(
            rendered.contains(&format!("# TYPE {name} {word}\n")),
            "{name}"
        );
    }
    assert!(rendered.contains("strongroom_store_operation_seconds_bucket{le=\"0.025\"} 1\n"));
}

#[test]
fn every_call_returns_the_same_metrics() {
    let (first, second) = (metrics().unwrap(), metrics().unwrap());
    metrics::counter!("strongroom_rate_limited_total", "policy" => "test").increment(3);
    assert!(first.render().contains("{policy=\"test\"} 3\n"));
    assert!(second.render().contains("{policy=\"test\"} 3\n"));
}

#[test]
fn every_metric_of_the_code_is_described_and_every_described_one_is_there() {
    let mut used = BTreeSet::new();
    collect(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut used,
    );
    let described = METRICS
        .iter()
        .map(|metric| metric.name.to_owned())
        .collect();
    assert_eq!(used, described);
}

/// The names that follow `counter!(`, `gauge!(` and `histogram!(` below `dir`.
fn collect(dir: &Path, used: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, used);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            let calls = source.split(kind).skip(1);
            let names =
                calls.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
            used.extend(
                names
                    .filter(|name| name.starts_with("strongroom_"))
                    .map(str::to_owned),
            );
        }
    }
}
