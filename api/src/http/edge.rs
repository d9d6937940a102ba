//! The outermost layer: gives every request an id, and every answer its headers, its error shape, its
//! line in the log and its place in the metrics.

mod counted;
mod leftover;
mod record;

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType,
        header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap},
    },
    middleware::Next,
    web,
};
use futures_util::FutureExt;
use store::RequestContext;
use tokio_util::context::TokioContext;
use tracing::Instrument;

use super::{
    accept::{Reply, negotiate},
    context, headers,
    problem::{self, Problem, Shape},
    routes,
    state::Front,
};
use crate::adapter::limiter::Decision;
use counted::Counted;
use leftover::{Incoming, Rest};

/// Wraps every request of the process.
///
/// # Errors
/// Only when the code inside panicked; then the request itself is lost, and with it the headers.
pub(super) async fn edge(
    front: web::Data<Front>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let entered = front.in_flight.enter();
    let context = context::context(&request, &front.app.config.server.trusted_proxies);
    request.extensions_mut().insert(context.clone());
    let shape = shape(&request);
    let incoming = Incoming::of(&mut request);
    let span = record::span(&context);
    // Worker threads have runtimes of their own, which end before the process has: connections and
    // tasks that a request leaves behind must belong to the one that lasts.
    let answering = TokioContext::new(next.call(request), front.runtime.clone());
    let answered = AssertUnwindSafe(answering)
        .catch_unwind()
        .instrument(span.clone())
        .await;
    let response = match answered {
        Ok(response) => response?.map_into_boxed_body(),
        Err(panic) => return Err(record::panicked(&span, panic.as_ref()).into()),
    };
    let mut response = tell_error(response, shape, &context);
    finish(&front, &mut response, &context);
    span.in_scope(|| record::answered(&response, &context, began.elapsed()));
    let rest = response.response().extensions().get().copied();
    let rest = rest.unwrap_or(Rest::Part);
    Ok(response.map_body(|_, body| {
        let body = Counted::new(body, entered).boxed();
        match incoming {
            Some(incoming) => incoming.after(body, rest),
            None => body,
        }
    }))
}

/// Has the whole of the request read behind this answer, because it is a success that came early.
pub(super) fn read_on(answer: &mut HttpResponse) {
    answer.extensions_mut().insert(Rest::Whole);
}

fn shape(request: &ServiceRequest) -> Shape {
    if !routes::is_graphql(request.path()) {
        return Shape::Document;
    }
    let accept = request.headers().get_all("accept");
    let accept = accept.map(|value| value.to_str().unwrap_or("unreadable"));
    Shape::Graphql(negotiate(accept).unwrap_or(Reply::ApplicationJson))
}

/// Writes a problem, ours or the framework's, in the shape of the address.
fn tell_error(
    response: ServiceResponse,
    shape: Shape,
    context: &RequestContext,
) -> ServiceResponse {
    let ours = response.response().extensions().get::<Problem>().cloned();
    let problem = ours.or_else(|| response.response().error().map(Problem::from));
    match problem {
        Some(problem) => {
            let mut written = problem::write(&problem, shape, Some(context.id));
            keep_headers(response.headers(), &mut written);
            written.extensions_mut().insert(problem);
            response.into_response(written)
        }
        None => response,
    }
}

/// What other layers have added: cookies, CORS, limits.
fn keep_headers(from: &HeaderMap, to: &mut HttpResponse) {
    for (name, value) in from {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH && !to.headers().contains_key(name) {
            to.headers_mut().append(name.clone(), value.clone());
        }
    }
}

fn finish(front: &Front, response: &mut ServiceResponse, context: &RequestContext) {
    let decision = response.request().extensions().get::<Decision>().copied();
    if front.readiness.is_draining() {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    let headers = response.headers_mut();
    headers::protect(headers, &front.app.config.server);
    headers::identify(headers, context);
    if let Some(decision) = decision {
        headers::tell_limit(headers, &decision);
    }
}
