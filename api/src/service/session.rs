//! Signing in, choosing a tenant, signing out.

use std::sync::Arc;

use entity::TenantId;
use secrecy::{ExposeSecret, SecretString};
use store::{
    EventRef, Noun, Person, RequestContext, StoreError,
    auth::{NewSession, SignInRecord},
    person::Membership,
    user::normal_email,
};

use super::input;
use crate::{
    adapter::password::PasswordError,
    app::App,
    error::{Code, Error},
};

/// How the token of a session travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In the answer, then in the `Authorization` header.
    Token,
    /// In a cookie that no script can read.
    Cookie,
}

impl Transport {
    /// The word in the audit log.
    fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Cookie => "cookie",
        }
    }
}

/// Begins a session for whoever knows the password of that address.
///
/// # Errors
/// [`Code::InvalidCredentials`], the same and after the same work for an unknown address;
/// [`Code::Overloaded`] when too many sign in at once.
pub async fn login(
    app: &Arc<App>,
    email: &str,
    password: &SecretString,
    transport: Transport,
    context: &RequestContext,
) -> Result<NewSession, Error> {
    let record = match normal_email("email", email) {
        Ok(email) => app.store.find_sign_in(&email).await?,
        Err(_) => None,
    };
    let hash = record.as_ref().map(|record| record.password_hash.as_str());
    let matches = verify(app, hash, password).await?;
    let Some(record) = record else {
        return Err(Error::new(Code::InvalidCredentials));
    };
    if matches {
        let session = app
            .store
            .create_session(record, transport.as_str(), context.clone());
        return Ok(session.await?);
    }
    note_failure(app, record, context.clone());
    Err(Error::new(Code::InvalidCredentials))
}

/// Whether the password has the hash. Nobody's hash takes as long as somebody's.
///
/// # Errors
/// [`Code::Overloaded`], or [`Code::Internal`] for a hash that is none.
pub(super) async fn verify(
    app: &App,
    hash: Option<&str>,
    password: &SecretString,
) -> Result<bool, Error> {
    let verified = app.passwords.verify(hash, password.expose_secret()).await;
    verified.map_err(password_error)
}

pub(super) fn password_error(error: PasswordError) -> Error {
    match error {
        PasswordError::Busy => {
            Error::with_message(Code::Overloaded, error.to_string()).retry_after(2)
        }
        PasswordError::Failed(_) => Error::internal(error),
    }
}

/// Recorded beside the answer, not before it: waiting for the record would tell by time alone that
/// the address is known.
pub(super) fn note_failure(
    app: &Arc<App>,
    record: SignInRecord<entity::UserId>,
    context: RequestContext,
) {
    let store = app.store.clone();
    app.tasks.spawn(async move {
        if let Err(error) = store.record_failed_sign_in(&record, context).await {
            tracing::error!(error = ?error, "a failed sign-in could not be recorded");
        }
    });
}

/// Makes one of the person's tenants the active one.
///
/// # Errors
/// [`Code::NotFound`] on `tenantId` when the person is no member of it, whether or not it exists.
pub async fn select_tenant(
    app: &App,
    person: &Person,
    tenant: &str,
) -> Result<(Membership, Option<EventRef>), Error> {
    let id: TenantId = input::id("tenantId", Noun::Tenant, tenant)?;
    let missing = || Error::from(StoreError::NotFound(Noun::Tenant)).on("tenantId");
    // Read before: after the commit nothing may fail that makes a done change look undone.
    let memberships = app.store.memberships_of(person).await?;
    let selected = memberships
        .into_iter()
        .find(|membership| membership.tenant_id == id)
        .ok_or_else(missing)?;
    let receipt = app.store.select_tenant(person, id).await;
    let receipt = receipt.map_err(input::not_found_on("tenantId"))?;
    Ok((selected, receipt.event()))
}

/// Ends the person's session.
///
/// # Errors
/// As the store says; then the session goes on.
pub async fn logout(app: &App, person: &Person) -> Result<Option<EventRef>, Error> {
    Ok(app.store.sign_out(person).await?.event())
}
