//! GraphQL over HTTP: what is asked is read strictly, judged, run within bounds, and answered with the
//! status it deserves.

mod answer;
mod cost;
mod judge;

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::types::OperationType;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{
    accept::{self, Reply},
    auth::{self, Door},
    body, context, cookie, idempotency,
    problem::Problem,
    state::{Engine, Front},
};
use crate::{
    adapter::limiter::Decision,
    error::{Code, Error},
    graphql::{
        context::carry,
        guard::{Admitted, Body, Limits},
    },
    request::Request,
};
use answer::Answer;
use cost::Bill;

/// How long a request may run.
const TIMEOUT: Duration = Duration::from_secs(10);

/// `POST /graphql`.
///
/// # Errors
/// See the table of statuses in docs/errors.md.
pub(super) async fn tenant(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let front = Front::of(&request)?;
    answer(
        &front,
        Door::Tenant,
        &front.engines.tenant,
        &request,
        payload,
    )
    .await
}

/// `POST /operator/graphql`.
///
/// # Errors
/// As [`tenant`].
pub(super) async fn operator(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let front = Front::of(&request)?;
    answer(
        &front,
        Door::Operator,
        &front.engines.operator,
        &request,
        payload,
    )
    .await
}

async fn answer(
    front: &Front,
    door: Door,
    engine: &Engine,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let reply = media_types(request)?;
    let limits = Limits::default();
    let bytes = body::read(request, payload, limits.body_byte_len).await?;
    let body = Body::parse(&bytes, &limits).map_err(|refusal| judge::problem(&refusal))?;
    let mut caller = auth::caller(request);
    let production = front.app.config.is_production();
    let admitted = match judge::admit(&body, &limits, door, &caller, production) {
        Ok(admitted) => admitted,
        Err(refusal) if refusal.is_request_error() => {
            return Ok(Answer::refused(&refusal).respond(reply));
        }
        Err(refusal) => return Err(judge::problem(&refusal)),
    };
    judge::hold(&admitted.approved, &caller, production)?;
    let bill = Bill::charge(front, request, &caller, &admitted).await?;
    let is_mutation = admitted.approved.operation_type == OperationType::Mutation;
    if is_mutation && let Some(key) = idempotency::key(request.headers())? {
        let claim = judge::claim(key, door, &admitted.approved, &body)?;
        caller = caller.recalling(&front.app.store, claim).await?;
    }
    let own = Request::new(
        Arc::clone(&front.app),
        caller,
        context::of(request),
        is_mutation,
    );
    let asked = Asked {
        admitted,
        body,
        reply,
        bill,
    };
    run(front, engine, Arc::new(own), asked).await
}

/// A request that may run.
struct Asked {
    admitted: Admitted,
    body: Body,
    reply: Reply,
    bill: Bill,
}

async fn run(
    front: &Front,
    engine: &Engine,
    own: Arc<Request>,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let Asked {
        admitted,
        body,
        reply,
        bill,
    } = asked;
    let asked = async_graphql::Request::new(body.query).variables(body.variables);
    let mut asked = carry(asked, &own);
    if let Some(name) = body.operation_name {
        asked = asked.operation_name(name);
    }
    asked.set_parsed_query(admitted.document);
    let guessing = own.context.ip.filter(|_| admitted.approved.sensitive);
    let guess = match guessing {
        Some(address) => Some(front.limiter.guess(address).await.map_err(limited)?),
        None => None,
    };
    let response = tokio::time::timeout(TIMEOUT, execute(front, engine, asked))
        .await
        .map_err(|_| Error::new(Code::Timeout))??;
    if let Some(guess) = guess {
        guess.end(own.has_wrong_password()).await;
    }
    let approved = &admitted.approved;
    let several_changes =
        approved.operation_type == OperationType::Mutation && approved.root_fields.len() > 1;
    let cost = bill.settle(front, &response).await;
    let mut answer = Answer::of(response, cost)
        .with_several_changes(several_changes)
        .respond(reply);
    if own.caller.earlier().is_some() {
        idempotency::mark(&mut answer);
    }
    if let Some(change) = own.take_cookie_change() {
        let cookie = cookie::cookie(&front.app.config.server, &change);
        answer
            .add_cookie(&cookie)
            .map_err(|error| Error::internal(error.to_string()))?;
    }
    Ok(answer)
}

/// Runs where the database connections live: on the handler's own thread each of their answers would first
/// wake another one. Ends with the caller's patience.
async fn execute(
    front: &Front,
    engine: &Engine,
    asked: async_graphql::Request,
) -> Result<async_graphql::Response, Error> {
    let engine = engine.clone();
    let running = async move { engine.execute(asked).await }.in_current_span();
    let task = front.app.tasks.spawn_on(running, &front.runtime);
    AbortOnDropHandle::new(task).await.map_err(Error::internal)
}

fn limited(decision: Decision) -> Error {
    Error::new(Code::RateLimited).retry_after(decision.retry_after_seconds)
}

fn media_types(request: &HttpRequest) -> Result<Reply, Problem> {
    let headers = request.headers();
    let accepted = headers.get_all("accept");
    // An unreadable range matches nothing, like every range that is not understood.
    let reply = accept::negotiate(accepted.map(|value| value.to_str().unwrap_or("unreadable")))
        .map_err(|mismatch| media_problem(&mismatch))?;
    let single = |name: &str| -> Result<Option<&str>, Problem> {
        let mut values = headers.get_all(name);
        let first = values.next();
        match (first, values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => Ok(Some(value.to_str().unwrap_or("unreadable"))),
            (Some(_), Some(_)) => Err(Problem::new(Code::UnsupportedMediaType)),
        }
    };
    accept::check_request(single("content-type")?, single("content-encoding")?)
        .map_err(|mismatch| media_problem(&mismatch))?;
    Ok(reply)
}

fn media_problem(mismatch: &accept::Mismatch) -> Problem {
    let code = match mismatch {
        accept::Mismatch::NotAcceptable => Code::NotAcceptable,
        accept::Mismatch::UnsupportedMediaType => Code::UnsupportedMediaType,
    };
    Error::with_message(code, mismatch.to_string()).into()
}
