//! Requests that must not reach the protocol layer.

use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request};
use s3s::{S3Result, s3_error};

use super::signed::{SignedHeaders, query_value};

/// Features this store does not have. Ignoring one would be a promise broken in silence.
const UNSUPPORTED: [&str; 8] = [
    "x-amz-server-side-encryption",
    "x-amz-copy-source-server-side-encryption",
    "x-amz-tagging",
    "x-amz-object-lock-",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
    "x-amz-grant-",
    "x-amz-bypass-governance-retention",
];

/// Refuses what would be understood wrongly or cost too much below.
pub(super) fn check<B>(request: &Request<B>, signed: Option<&SignedHeaders>) -> S3Result<()> {
    refuse_form_post(request)?;
    refuse_old_signature(request)?;
    refuse_unsupported(request)?;
    match signed {
        Some(signed) => refuse_unsigned(request, signed),
        None => Err(s3_error!(AccessDenied, "The request is not signed.")),
    }
}

/// A form upload is gathered in memory, before its signature is looked at.
fn refuse_form_post<B>(request: &Request<B>) -> S3Result<()> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .map(|value| value.as_bytes().to_ascii_lowercase());
    if request.method() == Method::POST
        && kind.is_some_and(|kind| kind.starts_with(b"multipart/form-data"))
    {
        return Err(s3_error!(
            NotImplemented,
            "Form uploads are not supported; use a presigned PUT."
        ));
    }
    Ok(())
}

/// Version 2 signatures (SHA-1) exist for clients of another decade.
fn refuse_old_signature<B>(request: &Request<B>) -> S3Result<()> {
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .is_some_and(|value| value.as_bytes().starts_with(b"AWS "));
    if header || query_value(request.uri().query(), "Signature").is_some() {
        return Err(s3_error!(
            AccessDenied,
            "Signature version 2 is not accepted; use version 4."
        ));
    }
    Ok(())
}

fn refuse_unsupported<B>(request: &Request<B>) -> S3Result<()> {
    let mut names = request
        .headers()
        .keys()
        .map(hyper::header::HeaderName::as_str);
    if let Some(name) = names.find(|name| UNSUPPORTED.iter().any(|prefix| name.starts_with(prefix)))
    {
        return Err(s3_error!(NotImplemented, "{name} is not supported."));
    }
    let acl = request
        .headers()
        .get("x-amz-acl")
        .map(hyper::header::HeaderValue::as_bytes);
    if acl.is_some_and(|acl| acl != b"private" && acl != b"bucket-owner-full-control") {
        return Err(s3_error!(
            NotImplemented,
            "Access control lists other than `private` are not supported."
        ));
    }
    Ok(())
}

/// Every `x-amz-` header must be signed, as S3 demands and the protocol layer does not.
///
/// Without this, whoever holds a presigned PUT could add `x-amz-copy-source` and fetch any object of the store.
fn refuse_unsigned<B>(request: &Request<B>, signed: &SignedHeaders) -> S3Result<()> {
    // Both are inputs of the signature itself.
    let covered =
        |name: &str| matches!(name, "x-amz-content-sha256" | "x-amz-date") || signed.contains(name);
    let mut names = request
        .headers()
        .keys()
        .map(hyper::header::HeaderName::as_str);
    match names.find(|name| name.starts_with("x-amz-") && !covered(name)) {
        Some(name) => Err(s3_error!(
            AccessDenied,
            "The header {name} was present in the request and not signed."
        )),
        None => Ok(()),
    }
}
