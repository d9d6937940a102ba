//! What happens to a request before and after the protocol layer.
//!
//! Before: preflights are answered, and requests the protocol layer would let through wrongly are refused. After:
//! headers browsers need are added, and sentences for people.

mod cors;
mod explain;
mod refuse;
mod signed;

pub(crate) use self::cors::Cors;

use hyper::header::{CONNECTION, HeaderName, HeaderValue, RANGE};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use s3s::service::S3Service;
use s3s::{Body, S3Error, S3ErrorCode};
use uuid::Uuid;

use self::signed::SignedHeaders;

/// On every answer: what a browser shows at this origin must not be sniffed into, or run as, something else.
const PROTECTION: [(&str, &str); 2] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "sandbox; default-src 'none'"),
];

/// The way in to the protocol layer.
#[derive(Debug)]
pub(crate) struct Door {
    service: S3Service,
    cors: Cors,
}

impl Door {
    pub(crate) fn new(service: S3Service, cors: Cors) -> Self {
        Self { service, cors }
    }

    /// Answers one request, whatever it is.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        if request.method() == Method::OPTIONS {
            return self.cors.preflight(request.headers());
        }
        let origin = self.cors.allowed_origin(request.headers());
        let has_body = matches!(*request.method(), Method::PUT | Method::POST);
        let mut response = self.pass(request).await;
        if has_body && !response.status().is_success() {
            // What is left of the body is not read, so the connection ends here; a client that is not told
            // would send its next request into the closing connection.
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if response.status() == StatusCode::NOT_MODIFIED {
            *response.body_mut() = Body::empty();
        }
        let headers = response.headers_mut();
        self.cors.expose(headers, origin);
        protect(headers);
        response
    }

    async fn pass(&self, mut request: Request<Body>) -> Response<Body> {
        let signed = SignedHeaders::of(&request);
        if let Err(refusal) = refuse::check(&request, signed.as_ref()) {
            return error_response(refusal);
        }
        if signed.is_some_and(|signed| !signed.contains(RANGE.as_str())) {
            drop_unknown_range(request.headers_mut());
        }
        let answered = self.service.call(request).await;
        explain::explain(
            answered.unwrap_or_else(|_| error_response(S3ErrorCode::InternalError.into())),
        )
    }
}

/// RFC 9110 §14.2: a range that is not understood is ignored, not refused. S3 knows single byte ranges only.
fn drop_unknown_range(headers: &mut HeaderMap) {
    let known = |value: &HeaderValue| {
        value
            .to_str()
            .is_ok_and(|text| s3s::dto::Range::parse(text).is_ok())
    };
    if headers.get(RANGE).is_some_and(|value| !known(value)) {
        headers.remove(RANGE);
    }
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in PROTECTION {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().simple().to_string()) {
        headers.insert(HeaderName::from_static("x-amz-request-id"), id);
    }
}

fn error_response(error: S3Error) -> Response<Body> {
    error.to_http_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
