//! Signing in, choosing a tenant, signing out.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use secrecy::ExposeSecret;

use super::{context, payload::payload, secret::Secret, tenant::TenantSummary};
use crate::{error::Failure, request::CookieChange, service, service::session::Transport};

/// How the token of a session travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum SessionTransport {
    /// In the answer, then in the `Authorization` header.
    #[default]
    Token,
    /// In a cookie that no script can read.
    Cookie,
}

/// Who signs in.
#[derive(Debug, InputObject)]
pub struct LoginInput {
    /// The e-mail address.
    email: String,
    /// The password.
    password: Secret,
    /// How the token travels.
    #[graphql(default)]
    transport: SessionTransport,
}

/// Which tenant to work in.
#[derive(Debug, InputObject)]
pub struct SessionTenantSelectInput {
    /// `tnt_…`, one of `viewer.memberships`.
    tenant_id: ID,
}

payload! {
    /// The session that began.
    LoginPayload, LoginUserError, LoginErrorCode {
        /// For the `Authorization` header; null when it was set as a cookie. Good for 12 hours, and
        /// for 30 minutes without use.
        token: String,
    } refuses { InvalidCredentials }
}

payload! {
    /// The session that ended.
    LogoutPayload, LogoutUserError, LogoutErrorCode {
    } refuses { InvalidState }
}

payload! {
    /// The tenant that is active from the next request on.
    SessionTenantSelectPayload, SessionTenantSelectUserError, SessionTenantSelectErrorCode {
        /// The tenant.
        tenant: TenantSummary,
    } refuses { NotFound }
}

/// Sessions.
#[derive(Debug, Default, Clone, Copy)]
pub struct SessionMutation;

/// Sessions.
#[Object]
impl SessionMutation {
    /// Begins a session; somebody with exactly one tenant has it selected. Needs no credential.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: LoginInput,
    ) -> Result<LoginPayload, Failure> {
        let request = context::request(ctx)?;
        let transport = match input.transport {
            SessionTransport::Token => Transport::Token,
            SessionTransport::Cookie => Transport::Cookie,
        };
        let session = service::session::login(
            &request.app,
            &input.email,
            &input.password,
            transport,
            &request.context,
        );
        let session = request.noting_wrong_password(session.await);
        LoginPayload::of(session.map(|session| {
            let event = session.receipt.event();
            if transport == Transport::Token {
                return LoginPayload::done(session.token.expose_secret().to_owned(), event);
            }
            request.change_cookie(CookieChange::Set(session.token));
            LoginPayload {
                token: None,
                user_errors: Vec::new(),
                audit_event: event.map(Into::into),
            }
        }))
    }

    /// Ends the session. Needs any signed-in person; API keys cannot.
    async fn logout(&self, ctx: &Context<'_>) -> Result<LogoutPayload, Failure> {
        let request = context::request(ctx)?;
        let person = request.caller.person()?;
        let ended = service::session::logout(&request.app, person).await;
        LogoutPayload::of(ended.map(|event| {
            request.change_cookie(CookieChange::Clear);
            LogoutPayload::done(event)
        }))
    }

    /// Makes one of the person's tenants the active one, from the next request on. Needs any signed-in person;
    /// API keys cannot.
    async fn session_tenant_select(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: SessionTenantSelectInput,
    ) -> Result<SessionTenantSelectPayload, Failure> {
        let request = context::request(ctx)?;
        let person = request.caller.person()?;
        let selected =
            service::session::select_tenant(&request.app, person, &input.tenant_id).await;
        SessionTenantSelectPayload::of(
            selected.map(|(membership, event)| {
                SessionTenantSelectPayload::done(membership.into(), event)
            }),
        )
    }
}
