//! Headers of every answer, whoever wrote it.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use store::RequestContext;

use crate::{adapter::limiter::Decision, config::Server};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const REQUEST_ID: HeaderName = HeaderName::from_static("strongroom-request-id");

/// Adds what protects a browser; what a handler has set stays.
pub(super) fn protect(headers: &mut HeaderMap, server: &Server) {
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        // Requests under CORS are not concerned by it.
        (RESOURCE_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if server.public_url.is_https() {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}

/// Adds the request's id, under which the log knows it.
pub(super) fn identify(headers: &mut HeaderMap, context: &RequestContext) {
    if let Ok(value) = HeaderValue::from_str(&context.id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
}

/// Adds what a limit said.
pub(super) fn tell_limit(headers: &mut HeaderMap, decision: &Decision) {
    for (name, value) in decision.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::config;

    #[test]
    fn plain_http_promises_no_encryption() {
        let mut headers = HeaderMap::new();
        protect(&mut headers, &config(&[]).server);
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
        assert!(headers.contains_key(X_CONTENT_TYPE_OPTIONS));
    }

    #[test]
    fn https_is_to_be_kept() {
        let server = config(&[("STRONGROOM_PUBLIC_URL", "https://files.example.com")]).server;
        let mut headers = HeaderMap::new();
        protect(&mut headers, &server);
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn what_a_handler_has_set_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        protect(&mut headers, &config(&[]).server);
        assert_eq!(
            headers.get(CACHE_CONTROL).map(HeaderValue::as_bytes),
            Some(b"max-age=60".as_slice())
        );
    }
}
