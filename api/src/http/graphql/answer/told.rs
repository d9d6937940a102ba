//! One error as a client is told of it.

use std::borrow::Cow;

use async_graphql::{PathSegment, Pos, ServerError, Value};
use serde::Serialize;

use crate::{error::Code, graphql::guard::code};

/// The longest message, characters.
const MOST_CHARS: usize = 300;

/// Codes that refuse the request as a whole where nothing else of it was done.
const REFUSE_ALL: [Code; 10] = [
    Code::Unauthenticated,
    Code::TenantSuspended,
    Code::Csrf,
    Code::QuotaExceeded,
    Code::RateLimited,
    Code::IdempotencyKeyInUse,
    Code::Overloaded,
    Code::Unavailable,
    Code::Draining,
    Code::AuditInconclusive,
];

/// What the library says of a value it cannot read; everything else it says while running is our fault.
const ARGUMENT_SENTENCES: [&str; 5] = [
    "Failed to parse \"",
    "Invalid value for argument",
    "Expected input type",
    "Expected a ",
    "Variable ",
];

/// One error.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Pos>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<PathSegment>,
    extensions: Extensions,
    #[serde(skip)]
    pub(super) refuses_all: Option<Code>,
    #[serde(skip)]
    pub(super) retry_after: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Extensions {
    code: String,
    #[serde(rename = "retryAfter", skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Told {
    pub(super) fn plain(code: &str, message: &str, locations: Vec<Pos>) -> Self {
        Self {
            message: message.to_owned(),
            locations,
            path: Vec::new(),
            extensions: Extensions {
                code: code.to_owned(),
                retry_after: None,
            },
            refuses_all: None,
            retry_after: None,
        }
    }

    /// `ran` says whether the document passed validation.
    pub(super) fn of(error: ServerError, ran: bool) -> Self {
        let (code, message) = match own_code(&error) {
            Some(code) => (code, error.message.clone()),
            None if !ran || is_about_an_argument(&error.message) => (
                code::GRAPHQL_VALIDATION_FAILED.to_owned(),
                error.message.clone(),
            ),
            None => internal(&error),
        };
        let retry_after = own_number(&error, "retryAfter");
        Self {
            message: without_value(&message).chars().take(MOST_CHARS).collect(),
            locations: error.locations,
            path: error.path,
            refuses_all: REFUSE_ALL.into_iter().find(|all| all.as_str() == code),
            retry_after,
            extensions: Extensions { code, retry_after },
        }
    }

    pub(super) fn code(&self) -> String {
        self.extensions.code.clone()
    }
}

fn internal(error: &ServerError) -> (String, String) {
    tracing::error!(error.message = %error.message, "an error without a code");
    let code = Code::Internal;
    (code.as_str().to_owned(), code.sentence().to_owned())
}

fn is_about_an_argument(message: &str) -> bool {
    ARGUMENT_SENTENCES
        .iter()
        .any(|sentence| message.starts_with(sentence))
}

/// The one sentence of the library that repeats a value: what a client sends by mistake must not end in its error log.
fn without_value(message: &str) -> Cow<'_, str> {
    match message.split_once("does not contain the value") {
        Some((enumeration, _)) => format!("{enumeration}does not contain this value").into(),
        None => message.into(),
    }
}

fn own_code(error: &ServerError) -> Option<String> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code.clone()),
        _ => None,
    }
}

fn own_number(error: &ServerError, name: &str) -> Option<u64> {
    match error.extensions.as_ref()?.get(name)? {
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}
