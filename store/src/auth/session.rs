//! Sessions of people and of operators, by the hash of their token.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{MemberId, OperatorId, OperatorSessionId, SessionId, TenantId, Text, UserId};
use policy::{Grant, Role, TenantStatus};
use sea_orm::FromQueryResult;

use super::{AuthError, look_up::SESSION, marks::Begun, token};
use crate::{
    Actor, Operator, Person, Principal, RequestContext, Store, StoreError, revocation::Revoked,
};

const IDLE: TimeDelta = TimeDelta::minutes(30);

/// Somebody with a good session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person, beside every tenant.
    pub person: Person,
    /// The person inside the selected tenant, while still a member of it.
    pub actor: Option<Actor>,
    /// Whether the selected tenant is active.
    pub tenant_active: bool,
}

/// What is known of a session: read from the database at most every thirty seconds.
#[derive(Debug)]
pub(crate) struct Known {
    row: StoredSession,
    begun: Begun,
}

/// The row behind [`Known`].
#[derive(Debug, FromQueryResult)]
struct StoredSession {
    id: SessionId,
    user_id: UserId,
    email: String,
    tenant_id: Option<TenantId>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    member_id: Option<MemberId>,
    role: Option<Text<Role>>,
    removed_at: Option<DateTime<Utc>>,
    status: Option<Text<TenantStatus>>,
}

impl Known {
    /// What its copies depend on.
    fn subjects(&self) -> impl Iterator<Item = Revoked> {
        let row = &self.row;
        [Revoked::Session(row.id), Revoked::User(row.user_id)]
            .into_iter()
            .chain(row.member_id.map(Revoked::Member))
            .chain(row.tenant_id.map(Revoked::Tenant))
    }
}

impl StoredSession {
    fn membership(&self) -> Option<(TenantId, MemberId, Role)> {
        if self.removed_at.is_some() {
            return None;
        }
        Some((self.tenant_id?, self.member_id?, self.role.as_ref()?.0))
    }
}

impl Store {
    /// Checks a person's session token.
    ///
    /// # Errors
    /// [`AuthError::Rejected`] when it is unknown, ended, or idle for thirty minutes.
    pub async fn authenticate_session(
        &self,
        token: &str,
        request: RequestContext,
    ) -> Result<SignedIn, AuthError> {
        let hash = token::hash(token);
        let known = self
            .fresh_session(hash)
            .await
            .map_err(|error| match &*error {
                AuthError::Store(cause) => {
                    AuthError::Store(StoreError::internal(format!("{cause:?}")))
                }
                _ => AuthError::Rejected,
            })?;
        let (row, now) = (&known.row, self.now());
        if row.expires_at <= now || row.last_seen_at + IDLE <= now {
            self.credentials().sessions.invalidate(&hash).await;
            return Err(AuthError::Rejected);
        }
        self.credentials().note_session(row.id, now);
        Ok(signed_in(row, request))
    }

    /// A copy that may be used; in the way of keys.
    async fn fresh_session(&self, hash: [u8; 32]) -> Result<Arc<Known>, Arc<AuthError>> {
        let credentials = self.credentials();
        for _ in 0..2 {
            let known = credentials
                .sessions
                .try_get_with(hash, self.load_session(hash))
                .await?;
            if credentials.marks.is_fresh(known.begun, known.subjects()) {
                return Ok(known);
            }
            credentials.sessions.invalidate(&hash).await;
        }
        Ok(self.load_session(hash).await?)
    }

    async fn load_session(&self, hash: [u8; 32]) -> Result<Arc<Known>, AuthError> {
        let begun = self.credentials().marks.begin();
        let conn = self.database().begin_read().await?;
        let statement = SESSION.by(&conn, [hash.to_vec().into()]);
        let row = StoredSession::find_by_statement(statement)
            .one(&conn)
            .await
            .map_err(StoreError::from)?
            .ok_or(AuthError::Rejected)?;
        Ok(Arc::new(Known { row, begun }))
    }

    /// Checks an operator's session token, in the database each time.
    ///
    /// # Errors
    /// [`AuthError::Rejected`] when it is unknown, ended, or idle for thirty minutes.
    pub async fn authenticate_operator(
        &self,
        token: &str,
        request: RequestContext,
    ) -> Result<Operator, AuthError> {
        let conn = self.database().begin_read().await?;
        let statement = conn.sql(
            "SELECT s.id, s.operator_id, o.email, s.created_at, s.expires_at, s.last_seen_at \
             FROM operator_session s JOIN operator o ON o.id = s.operator_id \
             WHERE s.token_hash = $1",
            [token::hash(token).to_vec().into()],
        );
        let now = self.now();
        let known = KnownOperator::find_by_statement(statement)
            .one(&conn)
            .await
            .map_err(StoreError::from)?
            .filter(|known| known.is_good(now))
            .ok_or(AuthError::Rejected)?;
        self.credentials().note_operator_session(known.id, now);
        Ok(Operator {
            id: known.operator_id,
            session: known.id,
            email: known.email,
            request,
        })
    }
}

/// What is known of an operator's session.
#[derive(Debug, FromQueryResult)]
struct KnownOperator {
    id: OperatorSessionId,
    operator_id: OperatorId,
    email: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    last_seen_at: Option<DateTime<Utc>>,
}

impl KnownOperator {
    fn is_good(&self, now: DateTime<Utc>) -> bool {
        let last_seen_at = self.last_seen_at.unwrap_or(self.created_at);
        self.expires_at > now && last_seen_at + IDLE > now
    }
}

fn signed_in(known: &StoredSession, request: RequestContext) -> SignedIn {
    let actor = known.membership().map(|(tenant, member, role)| Actor {
        tenant,
        principal: Principal::User(member),
        grant: Grant::Member { role },
        request: request.clone(),
        email: Some(known.email.clone()),
        session: Some(known.id),
    });
    SignedIn {
        tenant_active: known.status.as_ref().map(|s| s.0) == Some(TenantStatus::Active),
        person: Person {
            user: known.user_id,
            email: known.email.clone(),
            session: known.id,
            selected: actor.as_ref().map(|actor| actor.tenant),
            request,
        },
        actor,
    }
}
