//! Which other origins may read our answers: those configured, to the letter, and without cookies.

use actix_cors::Cors;
use actix_web::http::{Method, header::HeaderName};

use crate::config::Origin;

const ALLOWED: [&str; 9] = [
    "authorization",
    "content-type",
    "content-digest",
    "idempotency-key",
    "graphql-require-preflight",
    "apollo-require-preflight",
    "traceparent",
    "tracestate",
    "accept",
];
const EXPOSED: [&str; 6] = [
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "idempotency-replayed",
    "strongroom-request-id",
    "location",
];
/// Browsers ask again after this many seconds.
const MAX_AGE: usize = 600;

/// The rules for `origins`. Cookies are left out: a request with one must come from our own origin.
pub(super) fn cors(origins: &[Origin]) -> Cors {
    let rules = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PUT])
        .allowed_headers(ALLOWED.map(HeaderName::from_static))
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(MAX_AGE)
        .block_on_origin_mismatch(false);
    origins
        .iter()
        .fold(rules, |rules, origin| rules.allowed_origin(origin.as_str()))
}
