//! Every metric of the process, so that Prometheus can say what each one means.

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only up; its name ends in `_total`.
    Counter,
    /// Up and down.
    Gauge,
    /// Many values sorted into buckets; its name ends in `_seconds`.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, `strongroom_` and words, the unit last.
    pub name: &'static str,
    /// How it moves.
    pub kind: MetricKind,
    /// What it counts, and its labels.
    pub help: &'static str,
}

/// All of them; a test compares the list with the code.
pub const METRICS: &[Metric] = &[
    histogram(
        "strongroom_store_operation_seconds",
        "Time the object store took, retries included, by operation.",
    ),
    counter(
        "strongroom_store_errors_total",
        "Operations the object store failed, by operation and kind.",
    ),
    histogram(
        "strongroom_password_seconds",
        "Time to hash or verify a password, waiting not included, by operation.",
    ),
    counter(
        "strongroom_password_busy_total",
        "Passwords that were not looked at because too many were waiting.",
    ),
    counter(
        "strongroom_rate_limited_total",
        "Requests refused by a limit, by policy.",
    ),
    counter(
        "strongroom_idempotent_replays_total",
        "Requests that repeated one under the same Idempotency-Key and were answered without doing it again.",
    ),
    counter(
        "strongroom_link_cache_lookups_total",
        "Links asked for, by outcome: hit or miss.",
    ),
    counter(
        "strongroom_link_cache_invalidations_total",
        "Files and tenants whose links were forgotten.",
    ),
    gauge(
        "strongroom_redis_up",
        "1 while Redis answers; 0 while the breaker is open and each process counts by itself.",
    ),
    counter(
        "strongroom_redis_breaker_opened_total",
        "Times that Redis was given up for a while.",
    ),
    histogram(
        "strongroom_redis_operation_seconds",
        "Time Redis took, by operation.",
    ),
    counter(
        "strongroom_redis_errors_total",
        "Operations that Redis failed, by operation and kind: error or timeout.",
    ),
    counter(
        "strongroom_revocation_messages_total",
        "Messages about revocations, by outcome: sent, not_sent or heard.",
    ),
    histogram(
        "strongroom_http_request_duration_seconds",
        "Time to answer a request, by method, route and class of status.",
    ),
    gauge(
        "strongroom_http_requests_in_flight",
        "Requests being answered.",
    ),
    counter(
        "strongroom_graphql_errors_total",
        "Errors in GraphQL answers, by code.",
    ),
    counter(
        "strongroom_credentials_rejected_total",
        "Credentials that were wrong.",
    ),
    counter(
        "strongroom_tokens_in_urls_total",
        "Requests refused because a credential stood in the query string.",
    ),
    counter(
        "strongroom_panics_total",
        "Panics that were caught, by place.",
    ),
    counter(
        "strongroom_database_statements_total",
        "Statements sent to the database.",
    ),
    gauge(
        "strongroom_audit_events_pending",
        "Events that wait for their place in a chain.",
    ),
    counter(
        "strongroom_audit_entries_sequenced_total",
        "Events that got their place in a chain.",
    ),
    counter(
        "strongroom_audit_anchors_total",
        "Heads of the system log that were kept outside the database.",
    ),
    counter(
        "strongroom_audit_removed_total",
        "Disclosures and entries of logs that were deleted as an entry had announced.",
    ),
    counter(
        "strongroom_audit_fork_alarms_total",
        "Times that what is kept outside was another log than the database has. Must be 0.",
    ),
    counter(
        "strongroom_audit_verifications_total",
        "Verifications of logs that ended, by verdict. BROKEN must be 0.",
    ),
    counter(
        "strongroom_audit_logs_quarantined_total",
        "Logs that were put into quarantine, because they are not those that are kept outside. Must be 0.",
    ),
    gauge("strongroom_background_tasks", "Background tasks that run."),
    histogram(
        "strongroom_task_pass_seconds",
        "Time of one pass of a background task, by task.",
    ),
    counter(
        "strongroom_task_failures_total",
        "Passes of background tasks that failed, by task.",
    ),
    counter(
        "strongroom_sweep_failures_total",
        "Half-way states a sweep could not close, by sweep.",
    ),
];

impl Metric {
    pub(super) fn describe(&self) {
        match self.kind {
            MetricKind::Counter => metrics::describe_counter!(self.name, self.help),
            MetricKind::Gauge => metrics::describe_gauge!(self.name, self.help),
            MetricKind::Histogram => metrics::describe_histogram!(self.name, self.help),
        }
    }
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Counter,
        help,
    }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Histogram,
        help,
    }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Gauge,
        help,
    }
}
