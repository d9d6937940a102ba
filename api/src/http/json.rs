//! JSON outside GraphQL: one line with its end, so that a terminal's next prompt has one of its own.

use actix_web::{HttpResponse, http::StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::problem::Problem;
use crate::error::Error;

/// The text of `value`.
pub(super) fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// An answer with `value` as its body.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn answer(status: StatusCode, value: &impl Serialize) -> Result<HttpResponse, Problem> {
    let mut body = serde_json::to_string(value).map_err(Error::internal)?;
    body.push('\n');
    Ok(HttpResponse::build(status)
        .content_type("application/json")
        .body(body))
}
