//! From a request's credential to its caller; the one place that makes a [`Caller`].

mod credential;
mod mistake;
mod url;

use actix_web::{HttpMessage, HttpRequest};
use secrecy::ExposeSecret;
use store::{RequestContext, auth::token::Kind};

use crate::{app::App, request::Caller};
pub use credential::{Carrier, Credential};
pub use mistake::{Mistake, Refusal};
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
/// [`Mistake`] for a credential whose form is wrong at this door, [`store::auth::AuthError::Rejected`] for
/// one that is not good, whichever way; a request with one is refused also where none would be needed.
pub async fn authenticate(
    app: &App,
    door: Door,
    credential: &Credential,
    context: RequestContext,
) -> Result<Caller, Refusal> {
    let token = match credential {
        Credential::None => return Ok(Caller::Anonymous),
        Credential::Malformed => return Err(Mistake::NoToken.into()),
        Credential::Token(token, _) => token.expose_secret(),
    };
    match mistake::kind_at(door, token, credential.carrier())? {
        Kind::ApiKey => {
            let actor = app.store.authenticate_key(token, context).await?;
            Ok(Caller::Key(actor))
        }
        Kind::Session => {
            let signed_in = app.store.authenticate_session(token, context).await?;
            Ok(Caller::Person(Box::new(signed_in)))
        }
        Kind::OperatorSession => {
            let operator = app.store.authenticate_operator(token, context).await?;
            Ok(Caller::Operator(operator))
        }
        Kind::Invitation => Err(Mistake::Invitation.into()),
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
