//! Looking again: whether an actor that has been at work for a while is still good.
//!
//! A request is judged once, when it comes, and may be judged by a copy some seconds old. That is too
//! seldom for one that lasts for minutes.

use chrono::{DateTime, Utc};
use entity::{ApiKeyId, MemberId, SessionId, Text};
use policy::{Action, Grant, Role};
use sea_orm::{FromQueryResult, Value};

use crate::{
    Actor, Principal, Store, StoreError, Tx,
    conn::Conn,
    tx::{TenantCheck, enter_tenant},
};

/// The lock goes on the row whose change would end the key: removing its creator revokes it, too.
const KEY: (&str, &str) = (
    "SELECT m.role, m.removed_at FROM api_key k \
     JOIN member m ON m.tenant_id = k.tenant_id AND m.id = k.created_by \
     WHERE k.tenant_id = $1 AND k.id = $2 AND k.revoked_at IS NULL AND k.expires_at > $3",
    " FOR SHARE OF k",
);

/// Members are locked before sessions, as by whoever removes a member.
const SESSION: (&str, &str) = (
    "SELECT m.role, m.removed_at FROM member m JOIN session s ON s.user_id = m.user_id \
     WHERE m.tenant_id = $1 AND m.id = $2 AND s.expires_at > $3 AND s.id = $4",
    " FOR SHARE OF m, s",
);

/// Only tests act for a member without a session.
const MEMBER: (&str, &str) = (
    "SELECT m.role, m.removed_at FROM member m WHERE m.tenant_id = $1 AND m.id = $2",
    " FOR SHARE OF m",
);

/// The part of a member's row that rights depend on.
#[derive(Debug, FromQueryResult)]
struct Standing {
    role: Text<Role>,
    removed_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Whether `actor` may do `action` by what the database says now. A refusal is recorded.
    ///
    /// A session's idle time is not looked at: whoever is at work is not idle.
    ///
    /// # Errors
    /// [`StoreError::CredentialEnded`] for a key or session that was ended or has expired;
    /// [`StoreError::Forbidden`] for a member who was removed or whose role does not allow it any more;
    /// [`StoreError::TenantSuspended`]; or as the database says.
    pub async fn still_permits(&self, actor: &Actor, action: Action) -> Result<(), StoreError> {
        let conn = self.database().begin_read().await?;
        enter_tenant(&conn, actor.tenant, TenantCheck::Active).await?;
        self.renew(&conn, actor, action, false).await
    }

    /// As [`Store::begin`], for an actor that has been at work for a while: inside the transaction,
    /// as [`Store::still_permits`]. What would end the actor's right waits until the transaction has
    /// ended, so nothing is committed on a right that was taken away before.
    ///
    /// # Errors
    /// As [`Store::still_permits`].
    pub async fn begin_again(&self, actor: &Actor, action: Action) -> Result<Tx, StoreError> {
        let tx = self.begin(actor, action).await?;
        self.renew(tx.conn(), actor, action, true).await?;
        Ok(tx)
    }

    async fn renew(
        &self,
        conn: &Conn,
        actor: &Actor,
        action: Action,
        lock: bool,
    ) -> Result<(), StoreError> {
        let standing = self.standing(conn, actor, lock).await?;
        let standing = standing.ok_or(StoreError::CredentialEnded)?;
        let role = standing.removed_at.is_none().then_some(standing.role.0);
        let grant = match (actor.grant, role) {
            (Grant::Key { .. }, None) => return Err(StoreError::CredentialEnded),
            (Grant::Key { scopes, .. }, Some(creator)) => Grant::Key { scopes, creator },
            (_, Some(role)) => Grant::Member { role },
            (_, None) => return Err(StoreError::Forbidden(action)),
        };
        let renewed = Actor {
            grant,
            ..actor.clone()
        };
        self.permit(&renewed, action)
    }

    async fn standing(
        &self,
        conn: &Conn,
        actor: &Actor,
        lock: bool,
    ) -> Result<Option<Standing>, StoreError> {
        let ((select, locking), own) = match (actor.principal, actor.session) {
            (Principal::ApiKey(id), _) => (KEY, of_key(id, self.now())),
            (Principal::User(id), Some(session)) => (SESSION, of_session(id, session, self.now())),
            (Principal::User(id), None) => (MEMBER, vec![id.into()]),
            _ => return Ok(None),
        };
        // SQLite has one writer, so nothing else can change there meanwhile.
        let locking = if lock && conn.is_postgres() {
            locking
        } else {
            ""
        };
        let values = [actor.tenant.into()].into_iter().chain(own);
        let statement = conn.sql(&format!("{select}{locking}"), values);
        Ok(Standing::find_by_statement(statement).one(conn).await?)
    }
}

fn of_key(id: ApiKeyId, now: DateTime<Utc>) -> Vec<Value> {
    vec![id.into(), now.into()]
}

fn of_session(id: MemberId, session: SessionId, now: DateTime<Utc>) -> Vec<Value> {
    vec![id.into(), now.into(), session.into()]
}
