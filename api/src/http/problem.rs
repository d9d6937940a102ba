//! Every error answer: a problem document (RFC 9457), or a GraphQL response at the GraphQL addresses.
//!
//! A handler returns [`Problem`]; so does every middleware. The answer is written once, at the edge,
//! where the request id and the address are known: see [`write`].

use std::fmt;

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{ALLOW, CONTENT_TYPE, RETRY_AFTER},
    },
};
use serde_json::{Map, Value, json};
use store::{StoreError, auth::AuthError};
use uuid::Uuid;

use super::{accept::Reply, auth::Refusal, json};
use crate::error::{Code, Error, Failure};

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request as a whole gets no answer.
#[derive(Debug, Clone)]
pub struct Problem {
    failure: Failure,
    status: u16,
    allow: Option<&'static str>,
    extra: Map<String, Value>,
}

impl Problem {
    /// With the code's own sentence and status.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Error::new(code).into()
    }

    /// The method is not one of the address; `allow` lists those that are.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(Code::MethodNotAllowed)
        }
    }

    /// With a sentence that says more than the code's own.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.failure.message = detail.into();
        self
    }

    /// With another status than the code's own.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// With a member of its own in the problem document.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// The class.
    #[must_use]
    pub fn code(&self) -> Code {
        self.failure.code
    }

    /// As a problem document. `instance` is the request's id, as a URN.
    #[must_use]
    pub fn document(&self, request: Option<Uuid>) -> Value {
        let code = self.failure.code;
        let mut document = Map::new();
        document.insert(
            "type".into(),
            format!("urn:strongroom:error:{}", code.as_str()).into(),
        );
        document.insert("title".into(), code.sentence().into());
        document.insert("status".into(), self.status.into());
        document.insert("code".into(), code.as_str().into());
        document.insert("detail".into(), self.failure.message.clone().into());
        if let Some(id) = request {
            document.insert("instance".into(), id.urn().to_string().into());
        }
        if let Some(field) = &self.failure.field {
            document.insert("field".into(), field.clone().into());
        }
        document.extend(self.extra.clone());
        Value::Object(document)
    }

    /// As the body of a GraphQL response without data.
    #[must_use]
    pub fn graphql(&self, request: Option<Uuid>) -> Value {
        let mut extensions = Map::new();
        extensions.insert("code".into(), self.failure.code.as_str().into());
        if let Some(seconds) = self.failure.retry_after_seconds {
            extensions.insert("retryAfter".into(), seconds.into());
        }
        if let Some(id) = request {
            extensions.insert("requestId".into(), id.to_string().into());
        }
        json!({ "errors": [{ "message": self.failure.message, "extensions": extensions }] })
    }

    fn builder(&self) -> HttpResponseBuilder {
        let mut builder = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.failure.retry_after_seconds {
            builder.insert_header((RETRY_AFTER, seconds));
        }
        if let Some(allow) = self.allow {
            builder.insert_header((ALLOW, allow));
        }
        if self.status == 401 {
            builder.insert_header(("WWW-Authenticate", "Bearer"));
        }
        builder
    }
}

/// In which shape an error is told at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A problem document.
    Document,
    /// A GraphQL response.
    Graphql(Reply),
}

/// Writes the answer.
#[must_use]
pub fn write(problem: &Problem, shape: Shape, request: Option<Uuid>) -> HttpResponse {
    let (content_type, body) = match shape {
        Shape::Document => (PROBLEM_JSON, json::line(&problem.document(request))),
        Shape::Graphql(reply) => (reply.content_type(), problem.graphql(request).to_string()),
    };
    problem
        .builder()
        .insert_header((CONTENT_TYPE, content_type))
        .body(body)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failure.message)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem travels beside the body, so that the edge can write it with the request's id.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = write(self, Shape::Document, None);
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self {
            status: failure.code.status(),
            failure,
            allow: None,
            extra: Map::new(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Rejected => {
                Error::with_message(Code::Unauthenticated, error.to_string()).into()
            }
            AuthError::AddressNotAllowed => {
                Error::with_message(Code::Forbidden, error.to_string()).into()
            }
            AuthError::Store(cause) => cause.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Mistake(mistake) => {
                Error::with_message(Code::Unauthenticated, mistake.to_string()).into()
            }
            Refusal::Auth(error) => error.into(),
        }
    }
}

/// What the framework refuses by itself, under our codes.
impl From<&actix_web::Error> for Problem {
    fn from(error: &actix_web::Error) -> Self {
        if let Some(problem) = error.as_error::<Self>() {
            return problem.clone();
        }
        match error.as_response_error().status_code().as_u16() {
            404 => Self::new(Code::NotFound),
            405 => Self::new(Code::MethodNotAllowed),
            406 => Self::new(Code::NotAcceptable),
            408 => Self::new(Code::Timeout).with_status(408),
            413 => Self::new(Code::BodyTooLarge),
            415 => Self::new(Code::UnsupportedMediaType),
            400..=499 => Self::new(Code::BadRequest),
            _ => Error::internal(error.to_string()).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_has_the_members_of_the_standard_and_the_code() {
        let problem = Problem::from(Error::invalid("first", "first must be between 1 and 100"));
        let id = Uuid::nil();
        assert_eq!(
            problem.document(Some(id)),
            json!({
                "type": "urn:strongroom:error:INVALID",
                "title": "an argument is not valid",
                "status": 400,
                "code": "INVALID",
                "detail": "first must be between 1 and 100",
                "instance": "urn:uuid:00000000-0000-0000-0000-000000000000",
                "field": "first",
            })
        );
    }

    #[test]
    fn a_graphql_answer_has_errors_with_a_code_and_no_data() {
        let problem = Problem::from(Error::new(Code::RateLimited).retry_after(7));
        let body = problem.graphql(None);
        assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
        assert_eq!(body["errors"][0]["extensions"]["retryAfter"], 7);
        assert!(body.get("data").is_none());
    }

    #[test]
    fn what_is_behind_an_internal_error_is_not_told() {
        let problem = Problem::from(Error::internal("the password of the database is hunter2"));
        let text = problem.document(None).to_string() + &problem.graphql(None).to_string();
        assert!(!text.contains("hunter2"));
        assert_eq!(problem.status_code().as_u16(), 500);
    }

    #[test]
    fn an_error_of_the_framework_becomes_one_of_ours() {
        let error = actix_web::error::ErrorPayloadTooLarge("limit of the extractor exceeded");
        let problem = Problem::from(&error);
        assert_eq!(problem.code(), Code::BodyTooLarge);
        assert!(!problem.document(None).to_string().contains("extractor"));
    }

    #[test]
    fn every_answer_of_401_names_the_scheme() {
        let response = Problem::new(Code::Unauthenticated).error_response();
        assert!(response.headers().contains_key("WWW-Authenticate"));
    }
}
