//! From a request's credential to its caller; the one place that makes a [`Caller`].

mod credential;
mod url;

use actix_web::{HttpMessage, HttpRequest};
use secrecy::ExposeSecret;
use store::{
    RequestContext,
    auth::{AuthError, token::Kind},
};

use crate::{app::App, request::Caller};
pub use credential::{Carrier, Credential};
pub use url::hold_no_token;

/// Which API is knocked at; a credential of the one is nothing at the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Keys and sessions of people.
    Tenant,
    /// Sessions of operators, in the header only.
    Operator,
}

/// Who comes with `credential`.
///
/// # Errors
/// [`AuthError::Rejected`] for a credential that is not good at this door, whichever way; a request with
/// one is refused also where none would be needed.
pub async fn authenticate(
    app: &App,
    door: Door,
    credential: &Credential,
    context: RequestContext,
) -> Result<Caller, AuthError> {
    let token = match credential {
        Credential::None => return Ok(Caller::Anonymous),
        Credential::Malformed => return Err(AuthError::Rejected),
        Credential::Token(token, _) => token.expose_secret(),
    };
    match (door, store::auth::token::kind(token)) {
        (Door::Tenant, Some(Kind::ApiKey)) if credential.carrier() == Carrier::Header => {
            let actor = app.store.authenticate_key(token, context).await?;
            Ok(Caller::Key(actor))
        }
        (Door::Tenant, Some(Kind::Session)) => {
            let signed_in = app.store.authenticate_session(token, context).await?;
            Ok(Caller::Person(Box::new(signed_in)))
        }
        (Door::Operator, Some(Kind::OperatorSession)) => {
            let operator = app.store.authenticate_operator(token, context).await?;
            Ok(Caller::Operator(operator))
        }
        _ => Err(AuthError::Rejected),
    }
}

/// The caller of this request, as the gate found it; nobody where there is no gate.
#[must_use]
pub fn caller(request: &HttpRequest) -> Caller {
    request
        .extensions()
        .get::<Caller>()
        .cloned()
        .unwrap_or(Caller::Anonymous)
}
