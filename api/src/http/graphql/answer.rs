//! From what a schema returned to the bytes of the answer.

mod bounded;
mod told;

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
};
use async_graphql::{Pos, Response, Value};
use serde::Serialize;

use super::cost::Cost;
use crate::{
    error::Code,
    graphql::guard::Refusal,
    http::{accept::Reply, problem::Problem},
};
use told::Told;

/// The most errors a client is told of.
const MOST_ERRORS: usize = 10;
/// The longest answer, bytes.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// An answer to a document that was read.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// Left out when nothing ran, as the specification asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Told>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions>,
    /// Whether one error leaves it open what else was done.
    #[serde(skip)]
    several_changes: bool,
}

#[derive(Debug, Serialize)]
struct Extensions {
    cost: Cost,
}

impl Answer {
    /// Of a document that does not parse or could fit no schema.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let positions: Vec<Pos> = refusal.position.into_iter().collect();
        Self {
            data: None,
            errors: vec![Told::plain(refusal.code, &refusal.message, positions)],
            extensions: None,
            several_changes: false,
        }
    }

    /// To a mutation of several fields: where one of them fails, others may have been done, although the
    /// data as a whole is null.
    pub(super) fn with_several_changes(self, several_changes: bool) -> Self {
        Self {
            several_changes,
            ..self
        }
    }

    /// Of a document that was validated and perhaps run.
    pub(super) fn of(response: Response, cost: Cost) -> Self {
        let ran = response.data != Value::Null
            || response.errors.is_empty()
            || response.errors.iter().any(|error| !error.path.is_empty());
        let errors = response.errors.into_iter().take(MOST_ERRORS);
        Self {
            errors: errors.map(|error| Told::of(error, ran)).collect(),
            data: ran.then_some(response.data),
            extensions: Some(Extensions { cost }),
            several_changes: false,
        }
    }

    /// Writes it.
    pub(super) fn respond(&self, reply: Reply) -> HttpResponse {
        for told in &self.errors {
            metrics::counter!("strongroom_graphql_errors_total", "code" => told.code())
                .increment(1);
        }
        match bounded::to_json(self, MOST_BYTES) {
            Some(body) => self
                .builder(reply)
                .insert_header((CONTENT_TYPE, reply.content_type()))
                .body(body),
            None => Problem::new(Code::ResponseTooLarge).error_response(),
        }
    }

    fn builder(&self, reply: Reply) -> HttpResponseBuilder {
        let mut builder = HttpResponse::build(self.status(reply));
        if let Some(seconds) = self.whole().and_then(|told| told.retry_after) {
            builder.insert_header((RETRY_AFTER, seconds));
        }
        builder
    }

    /// 400 or 200 for a document that fits no schema; the code's own status when the request as a whole
    /// got nothing; else 200, also beside errors of single fields: part of it is done.
    fn status(&self, reply: Reply) -> StatusCode {
        if self.data.is_none() {
            return match reply {
                Reply::GraphqlResponseJson => StatusCode::BAD_REQUEST,
                Reply::ApplicationJson => StatusCode::OK,
            };
        }
        self.whole()
            .and_then(|told| told.refuses_all)
            .and_then(|code| StatusCode::from_u16(code.status()).ok())
            .unwrap_or(StatusCode::OK)
    }

    /// The error that refuses the request as a whole.
    fn whole(&self) -> Option<&Told> {
        let is_empty = match self.data.as_ref()? {
            Value::Null => !self.several_changes,
            Value::Object(fields) => fields.values().all(|value| *value == Value::Null),
            _ => false,
        };
        if !is_empty {
            return None;
        }
        self.errors.iter().find(|told| told.refuses_all.is_some())
    }
}

#[cfg(test)]
mod tests;
