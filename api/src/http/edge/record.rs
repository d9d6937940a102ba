//! One line per request in the log, and its figures in the metrics. No tokens, addresses, query strings,
//! bodies: the route is the template, never the path.

use std::{any::Any, time::Duration};

use actix_web::{HttpMessage, dev::ServiceResponse};
use store::RequestContext;
use tracing::Span;

use crate::{
    error::Error,
    http::{problem::Problem, routes},
    request::Caller,
};

/// Carried by everything that is logged for the request.
pub(super) fn span(context: &RequestContext) -> Span {
    tracing::info_span!("request", request.id = %context.id, trace.id = %context.trace)
}

/// Logs a panic; the client learns that something broke.
pub(super) fn panicked(span: &Span, panic: &(dyn Any + Send)) -> Problem {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    metrics::counter!("strongroom_panics_total", "where" => "request").increment(1);
    span.in_scope(|| Error::internal(format!("panic: {message}")).into())
}

/// Logs and counts an answer.
pub(super) fn answered(response: &ServiceResponse, context: &RequestContext, took: Duration) {
    let request = response.request();
    let route = request
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status().as_u16();
    let method = method(request.method().as_str());
    metrics::histogram!(
        "strongroom_http_request_duration_seconds",
        "method" => method, "route" => route.clone(), "status" => class(status)
    )
    .record(took.as_secs_f64());
    let code = response
        .response()
        .extensions()
        .get::<Problem>()
        .map_or("", |problem| problem.code().as_str());
    let (principal, tenant) = who(request.extensions().get::<Caller>());
    let latency_ms = took.as_secs_f64() * 1_000.0;
    if routes::is_probe(request.path()) {
        tracing::debug!(
            http.method = method,
            http.route = route,
            http.status = status,
            latency_ms
        );
        return;
    }
    tracing::info!(
        http.method = method,
        http.route = route,
        http.status = status,
        error.code = code,
        latency_ms,
        request.id = %context.id,
        trace.id = %context.trace,
        principal.kind = principal,
        tenant.id = tenant,
        "request answered"
    );
}

fn who(caller: Option<&Caller>) -> (&'static str, String) {
    let of = |actor: &store::Actor| actor.tenant().to_string();
    match caller {
        Some(Caller::Key(actor)) => ("api_key", of(actor)),
        Some(Caller::Person(signed_in)) => {
            ("user", signed_in.actor.as_ref().map(of).unwrap_or_default())
        }
        Some(Caller::Operator(_)) => ("operator", String::new()),
        Some(Caller::Anonymous) | None => ("anonymous", String::new()),
    }
}

/// A client may make methods up; a label takes only known ones.
fn method(name: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("other")
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
