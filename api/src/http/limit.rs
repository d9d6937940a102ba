//! The shield: the first thing asked of a request, by its address alone.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::{
    Error, HttpMessage, HttpRequest, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use store::RequestContext;

use super::{auth, problem::Problem, routes, state::Front};
use crate::{
    adapter::limiter::Decision,
    error::{Code, Error as Refused},
};

/// Holds every address to its share, and keeps tokens out of query strings. Probes pass.
///
/// # Errors
/// As what is inside.
pub async fn shield(
    front: web::Data<Front>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if !routes::is_probe(request.path()) {
        let decision = front.limiter.shield(address(&request));
        if let Err(problem) = hold(&request, decision) {
            return Ok(request.into_response(problem.error_response()));
        }
        if let Err(refused) = auth::hold_no_token(request.query_string()) {
            metrics::counter!("strongroom_tokens_in_urls_total").increment(1);
            tracing::warn!("a credential was sent in a query string");
            let problem = Problem::from(refused);
            return Ok(request.into_response(problem.error_response()));
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Keeps the decision for the answer's headers; the stricter one when there are two.
///
/// # Errors
/// [`Code::RateLimited`] with the time after which a request passes.
pub fn hold(request: &ServiceRequest, decision: Decision) -> Result<(), Problem> {
    hold_in(&mut request.extensions_mut(), decision)
}

/// As [`hold`], after the gate has let the request in. A request that comes back passes the gate again: when that took
/// the last one of an allowance, the wait is at least until there is another.
///
/// # Errors
/// As [`hold`].
pub fn hold_again(request: &HttpRequest, decision: Decision) -> Result<(), Problem> {
    let mut extensions = request.extensions_mut();
    let gate = extensions.get::<Decision>().copied();
    let mut decision = decision;
    if let Some(gate) = gate.filter(|gate| !decision.allowed && gate.remaining == 0) {
        let next = gate.window_seconds.div_ceil(gate.quota.max(1).into());
        decision.retry_after_seconds = decision.retry_after_seconds.max(next);
    }
    hold_in(&mut extensions, decision)
}

fn hold_in(extensions: &mut Extensions, decision: Decision) -> Result<(), Problem> {
    let known = extensions.get::<Decision>().copied();
    extensions.insert(match known {
        // The shield's quota says little to a client that has one of its own.
        Some(known) if known.policy != SHIELD => known.stricter(decision),
        _ => decision,
    });
    if decision.allowed {
        return Ok(());
    }
    Err(Refused::new(Code::RateLimited)
        .retry_after(decision.retry_after_seconds)
        .into())
}

const SHIELD: &str = "shield";

/// The client's address. Connections without one (there are none over TCP) share a bucket.
#[must_use]
pub fn address(request: &ServiceRequest) -> IpAddr {
    request
        .extensions()
        .get::<RequestContext>()
        .and_then(|context| context.ip)
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}
