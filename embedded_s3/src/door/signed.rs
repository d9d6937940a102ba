//! Which headers a request's signature covers.

use hyper::Request;
use hyper::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;

/// The lower-case names in `X-Amz-SignedHeaders` or in the `SignedHeaders` of `Authorization`.
#[derive(Debug)]
pub(super) struct SignedHeaders(Vec<String>);

impl SignedHeaders {
    /// `None` for a request without a version 4 signature. A presigned query outranks the header, as it does below.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        let presigned = query_value(request.uri().query(), "X-Amz-SignedHeaders");
        let names = presigned.or_else(|| {
            let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
            let (_, names) = header.split_once("SignedHeaders=")?;
            Some(names.split(',').next()?.trim().to_owned())
        })?;
        Some(Self(
            names.split(';').map(str::to_ascii_lowercase).collect(),
        ))
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|signed| signed == name)
    }
}

/// The decoded value of a query parameter.
pub(super) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, _)| percent_decode_str(key).decode_utf8_lossy() == name);
    values
        .next()
        .map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
}
