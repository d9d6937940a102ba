//! The gate in front of everything that is somebody's: who asks, may they ask now, and how often.
//!
//! In this order: credential (401, and 403 for a key from a foreign address), cookie rules (403), tenant
//! active (403), rate (429), requests at once (429), calls of the period (403). Nothing of the body has
//! been read then.

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web,
};
use policy::Tier;
use store::{Actor, RequestContext, auth::AuthError};

use super::{
    auth::{self, Carrier, Credential, Door, Refusal},
    cookie, csrf,
    limit::{address, hold},
    problem::Problem,
    routes,
    state::Front,
};
use crate::{
    adapter::limiter::InFlight,
    error::{Code, Error as Refused},
    request::{Caller, CookieChange},
    service::metering::Standing,
};

/// The gate of the tenants' API.
///
/// # Errors
/// As what is inside.
pub(super) async fn tenant(
    front: web::Data<Front>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    gate(&front, Door::Tenant, request, next).await
}

/// The gate of the operators' API.
///
/// # Errors
/// As what is inside.
pub(super) async fn operator(
    front: web::Data<Front>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    gate(&front, Door::Operator, request, next).await
}

async fn gate(
    front: &Front,
    door: Door,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let server = &front.app.config.server;
    let credential = Credential::of(request.request(), door, cookie::name(server));
    match pass(front, door, &request, &credential).await {
        // Held until the answer is there.
        Ok(_entered) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(problem) => {
            let mut response = problem.error_response();
            if problem.code() == Code::Unauthenticated && credential.carrier() == Carrier::Cookie {
                // A page cannot remove the cookie itself, and could not even sign in beside a bad one.
                let gone = cookie::cookie(server, &CookieChange::Clear);
                response.add_cookie(&gone).map_err(Error::from)?;
            }
            Ok(request.into_response(response))
        }
    }
}

async fn pass(
    front: &Front,
    door: Door,
    request: &ServiceRequest,
    credential: &Credential,
) -> Result<Option<InFlight>, Problem> {
    let context = request.extensions().get::<RequestContext>().cloned();
    let context = context.unwrap_or_else(RequestContext::internal);
    let mut caller = match auth::authenticate(&front.app, door, credential, context).await {
        Ok(caller) => caller,
        Err(error) => return Err(unknown(front, request, error).await),
    };
    // Verifying is a GET for scripts, and yet appends to the log: no page may make a browser do it.
    let changes = !is_safe(request.method()) || routes::is_audit(request.path());
    if credential.carrier() == Carrier::Cookie && changes {
        csrf::check(request.headers(), &front.app.config.server.public_url)?;
    }
    let entered = admit(front, request, &mut caller).await?;
    request.extensions_mut().insert(caller);
    Ok(entered)
}

/// A bad credential is 401 until its address has shown too many. A good one is never kept out by the
/// bad ones of a neighbour behind the same address.
async fn unknown(front: &Front, request: &ServiceRequest, error: Refusal) -> Problem {
    if !matches!(
        error,
        Refusal::Mistake(_) | Refusal::Auth(AuthError::Rejected)
    ) {
        return error.into();
    }
    let address = address(request);
    if let Err(problem) = hold(request, front.limiter.wrong_credential(address).await) {
        return problem;
    }
    metrics::counter!("strongroom_credentials_rejected_total").increment(1);
    error.into()
}

async fn admit(
    front: &Front,
    request: &ServiceRequest,
    caller: &mut Caller,
) -> Result<Option<InFlight>, Problem> {
    match caller {
        Caller::Anonymous => hold(request, front.limiter.anonymous(address(request)).await)?,
        Caller::Operator(operator) => {
            let uuid = operator.id().uuid();
            hold(request, front.limiter.request(uuid, Tier::Enterprise).await)?;
        }
        Caller::Key(actor) => {
            let standing = front.metering.standing(actor).await?;
            let entered = enter(front, request, actor, &standing).await?;
            // Whoever has used up the calls can still have the records checked.
            if !routes::is_audit(request.path()) {
                front.metering.count(actor.tenant(), &standing)?;
            }
            return Ok(Some(entered));
        }
        Caller::Person(signed_in) => {
            let Some(actor) = &signed_in.actor else {
                let uuid = signed_in.person.user().uuid();
                hold(request, front.limiter.request(uuid, Tier::Free).await)?;
                return Ok(None);
            };
            match front.metering.standing(actor).await {
                Ok(standing) => {
                    signed_in.tenant_active = true;
                    return enter(front, request, actor, &standing).await.map(Some);
                }
                Err(error) if error.code() == Code::TenantSuspended => {
                    let uuid = actor.principal().uuid();
                    hold(request, front.limiter.request(uuid, Tier::Free).await)?;
                    signed_in.tenant_active = false;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(None)
}

async fn enter(
    front: &Front,
    request: &ServiceRequest,
    actor: &Actor,
    standing: &Standing,
) -> Result<InFlight, Problem> {
    let uuid = actor.principal().uuid();
    hold(request, front.limiter.request(uuid, standing.tier).await)?;
    front.limiter.enter(actor.tenant()).map_err(|decision| {
        hold(request, decision)
            .err()
            .unwrap_or_else(|| Refused::new(Code::RateLimited).retry_after(1).into())
    })
}

/// Methods that change nothing (RFC 9110, section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
