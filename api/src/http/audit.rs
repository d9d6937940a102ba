//! `GET` and `POST /v1/audit/verify`: the twins of `auditVerify` for scripts, which wait to the end; and
//! `GET /v1/audit/checkpoint`, the receipt to bring back.

use std::time::Duration;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{StatusCode, header::CACHE_CONTROL},
    web,
};
use entity::verification;
use serde::Deserialize;
use store::{idempotency::Claim, verification::Question};

use super::{auth, body, idempotency, json, problem::Problem, state::Front};
use crate::{
    error::{Code, Error},
    request::Caller,
    service::{self, audit::Document},
};

/// How long the answer may take; a longer run goes on and is asked for again.
const WAIT: Duration = Duration::from_secs(60);
/// The longest body: a receipt, in JSON twice as long.
const BODY: usize = 32_768;

/// The query string.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(default)]
    full: bool,
}

/// What may be posted as JSON; as `text/plain` the body is the receipt.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    full: bool,
    receipt: Option<String>,
}

/// 200 when the chain is intact; 409 when it is broken, with the run under `verification`; 503 when it
/// could not be read to its end, or not in time.
///
/// # Errors
/// Everything but an intact chain.
pub(super) async fn verify(
    request: HttpRequest,
    parameters: Result<web::Query<Parameters>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let full = full(parameters)?;
    run(&request, &auth::caller(&request), full, None).await
}

/// As [`verify`], with a receipt that the log must bear out; 422 for one that the log has not signed.
///
/// # Errors
/// As [`verify`].
pub(super) async fn verify_receipt(
    request: HttpRequest,
    parameters: Result<web::Query<Parameters>, actix_web::Error>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let full = full(parameters)?;
    let bytes = body::read(&request, payload, BODY).await?;
    let asked = asked(request.content_type(), bytes.to_vec())?;
    let mut caller = auth::caller(&request);
    if let Some(key) = idempotency::key(request.headers())? {
        let front = Front::of(&request)?;
        let what = request.uri().to_string();
        let claim = Claim::new(key, &[b"POST", what.as_bytes(), &bytes]);
        caller = caller.recalling(&front.app.store, claim).await?;
    }
    run(
        &request,
        &caller,
        full || asked.full,
        asked.receipt.as_deref(),
    )
    .await
}

/// The newest signed checkpoint, as it is.
///
/// # Errors
/// 403 without the right to read the log.
pub(super) async fn checkpoint(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let front = Front::of(&request)?;
    let caller = auth::caller(&request);
    let note = service::audit::checkpoint(&front.app, caller.actor()?).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(note))
}

fn full(parameters: Result<web::Query<Parameters>, actix_web::Error>) -> Result<bool, Problem> {
    let parameters = parameters.map_err(|_| Error::invalid("full", "full is true or false"))?;
    Ok(parameters.full)
}

fn asked(content_type: &str, bytes: Vec<u8>) -> Result<Asked, Problem> {
    if bytes.is_empty() {
        return Ok(Asked::default());
    }
    let text =
        String::from_utf8(bytes).map_err(|_| Error::invalid("receipt", "the body is not UTF-8"))?;
    match content_type {
        "application/json" => serde_json::from_str(&text).map_err(|_| {
            let message = "the body is not an object with full (true or false) and receipt (text)";
            Error::with_message(Code::BadRequest, message).into()
        }),
        "" | "text/plain" => Ok(Asked {
            full: false,
            receipt: Some(text),
        }),
        _ => {
            let message = "the body is a receipt as text/plain, or application/json";
            Err(Error::with_message(Code::UnsupportedMediaType, message).into())
        }
    }
}

async fn run(
    request: &HttpRequest,
    caller: &Caller,
    full: bool,
    receipt: Option<&str>,
) -> Result<HttpResponse, Problem> {
    let front = Front::of(request)?;
    let question = Question { full, receipt };
    match service::audit::verify(&front.app, caller.actor()?, question, WAIT).await {
        Ok(verified) => {
            let mut answer = answer(&verified.run)?;
            if caller.earlier().is_some() {
                idempotency::mark(&mut answer);
            }
            Ok(answer)
        }
        Err(error) => Err(refused(error)),
    }
}

fn refused(error: Error) -> Problem {
    match error.code() {
        // 409 says that the log is broken, and nothing else.
        Code::InvalidState => {
            let message = error.to_string();
            let error = Error::with_message(Code::AuditInconclusive, message);
            error.retry_after(5).into()
        }
        Code::Invalid => Problem::from(error).with_status(422),
        _ => error.into(),
    }
}

fn answer(run: &verification::Model) -> Result<HttpResponse, Problem> {
    let document = Document::of(run);
    let code = match run.verdict.as_deref() {
        Some("INTACT" | "INTACT_WITH_DOCUMENTED_GAPS") => {
            return json::answer(StatusCode::OK, &document);
        }
        Some("BROKEN") => Code::AuditChainBroken,
        _ => Code::AuditInconclusive,
    };
    let mut error = Error::new(code);
    if code == Code::AuditInconclusive {
        error = error.retry_after(5);
    }
    let document = serde_json::to_value(document).map_err(Error::internal)?;
    Err(Problem::from(error).with_member("verification", document))
}
