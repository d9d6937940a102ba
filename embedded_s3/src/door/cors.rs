//! Cross-origin requests (Fetch standard, "CORS protocol"): exact origins, nothing else.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use hyper::{HeaderMap, Response, StatusCode, Uri};
use s3s::Body;

use crate::error::StartError;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE");
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("600");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Content-Range, Accept-Ranges, Content-Disposition, Last-Modified, x-amz-request-id, \
     x-amz-checksum-crc32, x-amz-checksum-crc32c, x-amz-checksum-crc64nvme, x-amz-checksum-sha1, \
     x-amz-checksum-sha256, x-amz-checksum-type",
);
const PREFLIGHT_VARIES: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
);

/// The origins whose scripts may use presigned URLs.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Vec<HeaderValue>,
}

impl Cors {
    /// Takes origins as a browser sends them; a path, a trailing slash or `*` is refused.
    pub(crate) fn new(origins: &[String]) -> Result<Self, StartError> {
        let parsed = origins.iter().map(|origin| {
            parse(origin).ok_or_else(|| StartError::Origin {
                origin: origin.clone(),
            })
        });
        Ok(Self {
            origins: parsed.collect::<Result<_, _>>()?,
        })
    }

    /// The request's origin, if it may read the answer.
    pub(super) fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        headers
            .get(ORIGIN)
            .filter(|origin| self.origins.contains(origin))
            .cloned()
    }

    /// Answers `OPTIONS`: 204 for an allowed origin, 403 for any other.
    pub(super) fn preflight(&self, request: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        let asked = request.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let origin = self.allowed_origin(request).filter(|_| asked);
        *response.status_mut() = if origin.is_some() {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::FORBIDDEN
        };
        let headers = response.headers_mut();
        headers.insert(VARY, PREFLIGHT_VARIES);
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
            // A header the URL was not signed with is refused anyway, so naming the allowed ones here adds nothing.
            if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
            }
        }
        response
    }

    /// Adds what an allowed origin needs to read an answer.
    pub(super) fn expose(&self, response: &mut HeaderMap, origin: Option<HeaderValue>) {
        if self.origins.is_empty() {
            return;
        }
        response.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

fn parse(origin: &str) -> Option<HeaderValue> {
    let uri: Uri = origin.parse().ok()?;
    let exact = format!("{}://{}", uri.scheme_str()?, uri.authority()?) == origin;
    if exact && !origin.contains(['*', '@']) {
        HeaderValue::from_str(origin).ok()
    } else {
        None
    }
}
