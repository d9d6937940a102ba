//! Signing in: who has that address, and a session for whoever showed the password.

use chrono::TimeDelta;
use entity::{
    InvitationId, MemberId, OperatorId, OperatorSessionId, ReservationId, SessionId, TenantId,
    Text, UserId, operator, operator_session, session,
};
use policy::Role;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter};
use secrecy::SecretString;

use super::{look_up::INVITATION, token};
use crate::{
    Event, Noun, Principal, Receipt, RequestContext, Store, StoreError,
    batch::Record,
    conn::insert,
    event::{
        OperatorSignInFailed, OperatorSignedIn, SignInFailed, SignedIn,
        class::{Personal, Public, Target},
    },
    tx::TenantCheck,
    user,
};

const SESSION: TimeDelta = TimeDelta::hours(12);

/// A person or operator and the hash the password must match.
#[derive(Debug, Clone)]
pub struct SignInRecord<Id> {
    /// The account.
    pub id: Id,
    /// Its address.
    pub email: String,
    /// argon2id in PHC form.
    pub password_hash: String,
}

/// A session just made.
#[derive(Debug)]
pub struct NewSession {
    /// The token, to be handed out once.
    pub token: SecretString,
    /// The tenant that was selected, for a person with exactly one.
    pub tenant: Option<TenantId>,
    /// What was recorded.
    pub receipt: Receipt,
}

/// Whom an invitation token belongs to.
#[derive(Debug, Clone)]
pub struct InvitedPerson {
    /// The tenant that invites.
    pub tenant: TenantId,
    /// The invitation.
    pub invitation: InvitationId,
    /// The address it is bound to.
    pub email: String,
    /// The role on offer.
    pub role: Role,
    /// The account whose password must be shown, if there is one with that address.
    pub account: Option<SignInRecord<UserId>>,
    pub(crate) reservation: ReservationId,
}

impl Store {
    /// The person with that address, for checking a password.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_sign_in(
        &self,
        email: &str,
    ) -> Result<Option<SignInRecord<UserId>>, StoreError> {
        let conn = self.database().begin_read().await?;
        let user = user::find_by_email(&conn, email).await?;
        Ok(user.map(|user| SignInRecord {
            id: user.id,
            email: user.email,
            password_hash: user.password_hash,
        }))
    }

    /// The operator with that address, for checking a password.
    ///
    /// # Errors
    /// As the database says.
    #[expect(clippy::disallowed_methods, reason = "operators are no tenant's")]
    pub async fn find_operator_sign_in(
        &self,
        email: &str,
    ) -> Result<Option<SignInRecord<OperatorId>>, StoreError> {
        let conn = self.database().begin_read().await?;
        let operator = operator::Entity::find()
            .filter(operator::Column::Email.eq(email))
            .one(&conn)
            .await?;
        Ok(operator.map(|operator| SignInRecord {
            id: operator.id,
            email: operator.email,
            password_hash: operator.password_hash,
        }))
    }

    /// Begins a session for a person who showed the password. With exactly one membership, that
    /// tenant is selected and its log has the event; else the system log.
    ///
    /// # Errors
    /// As the database says.
    pub async fn create_session(
        &self,
        person: SignInRecord<UserId>,
        transport: &'static str,
        request: RequestContext,
    ) -> Result<NewSession, StoreError> {
        let conn = self.database().begin_write().await?;
        let only = only_membership(&conn, person.id).await?;
        let (log, principal) = match only {
            Some((tenant, member)) => (tenant, Principal::User(member)),
            None => (TenantId::SYSTEM, Principal::Person(person.id)),
        };
        let email = Some(person.email.clone());
        let tx = self
            .enter(conn, log, principal, request, email, TenantCheck::None)
            .await?;
        let fresh = token::new_session()?;
        let tenant = only.map(|(tenant, _)| tenant);
        let row = session::Model {
            id: SessionId::generate(),
            user_id: person.id,
            tenant_id: tenant,
            token_hash: fresh.hash.to_vec(),
            created_at: tx.now(),
            last_seen_at: tx.now(),
            expires_at: tx.now() + SESSION,
        };
        insert(tx.conn(), row).await?;
        let event = SignedIn {
            transport: Public(transport),
            email: Personal(person.email),
        };
        Ok(NewSession {
            receipt: tx.commit(event).await?,
            token: fresh.token,
            tenant,
        })
    }

    /// Records a wrong password for a known person, in the system log.
    ///
    /// # Errors
    /// As the database says.
    pub async fn record_failed_sign_in(
        &self,
        person: &SignInRecord<UserId>,
        request: RequestContext,
    ) -> Result<(), StoreError> {
        let event = SignInFailed {
            user: Target(person.id),
            email: Personal(person.email.clone()),
        };
        self.record_failure(event.into(), request).await
    }

    /// Records a wrong password for a known operator, in the system log.
    ///
    /// # Errors
    /// As the database says.
    pub async fn record_failed_operator_sign_in(
        &self,
        operator: &SignInRecord<OperatorId>,
        request: RequestContext,
    ) -> Result<(), StoreError> {
        let event = OperatorSignInFailed {
            operator: Target(operator.id),
            email: Personal(operator.email.clone()),
        };
        self.record_failure(event.into(), request).await
    }

    async fn record_failure(
        &self,
        event: Event,
        request: RequestContext,
    ) -> Result<(), StoreError> {
        self.record_as(Record {
            tenant: TenantId::SYSTEM,
            principal: Principal::Anonymous,
            request,
            email: None,
            at: self.now(),
            event: event.with_outcome(audit::entry::Outcome::Failure),
        })
        .await?;
        Ok(())
    }

    /// Begins a session for an operator who showed the password.
    ///
    /// # Errors
    /// As the database says.
    pub async fn create_operator_session(
        &self,
        operator: SignInRecord<OperatorId>,
        request: RequestContext,
    ) -> Result<NewSession, StoreError> {
        let conn = self.database().begin_write().await?;
        let tx = self
            .enter(
                conn,
                TenantId::SYSTEM,
                Principal::Operator(operator.id),
                request,
                Some(operator.email.clone()),
                TenantCheck::None,
            )
            .await?;
        let fresh = token::new_operator_session()?;
        let row = operator_session::Model {
            id: OperatorSessionId::generate(),
            operator_id: operator.id,
            token_hash: fresh.hash.to_vec(),
            created_at: tx.now(),
            expires_at: tx.now() + SESSION,
            last_seen_at: None,
        };
        insert(tx.conn(), row).await?;
        let event = OperatorSignedIn {
            operator: Target(operator.id),
            email: Personal(operator.email),
        };
        let receipt = tx.commit(event).await?;
        Ok(NewSession {
            token: fresh.token,
            tenant: None,
            receipt,
        })
    }

    /// Whom an invitation token belongs to, while it is open.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown, used, withdrawn or expired one: all the same.
    pub async fn find_invitation(&self, token: &str) -> Result<InvitedPerson, StoreError> {
        #[derive(FromQueryResult)]
        struct Row {
            tenant_id: TenantId,
            id: InvitationId,
            email: String,
            role: Text<Role>,
            reservation_id: ReservationId,
            user_id: Option<UserId>,
            password_hash: Option<String>,
        }
        let conn = self.database().begin_read().await?;
        let values = [token::hash(token).to_vec().into(), self.now().into()];
        let statement = INVITATION.by(&conn, values);
        let row = Row::find_by_statement(statement)
            .one(&conn)
            .await?
            .ok_or(StoreError::NotFound(Noun::Invitation))?;
        let account = row.user_id.zip(row.password_hash);
        let account = account.map(|(id, password_hash)| SignInRecord {
            id,
            email: row.email.clone(),
            password_hash,
        });
        Ok(InvitedPerson {
            tenant: row.tenant_id,
            invitation: row.id,
            email: row.email,
            role: row.role.0,
            account,
            reservation: row.reservation_id,
        })
    }
}

/// The membership of a person who has exactly one.
async fn only_membership(
    conn: &crate::conn::Conn,
    user: UserId,
) -> Result<Option<(TenantId, MemberId)>, StoreError> {
    let mut memberships = crate::person::memberships(conn, user).await?;
    Ok(match (memberships.pop(), memberships.is_empty()) {
        (Some(only), true) => Some((only.tenant_id, only.id)),
        _ => None,
    })
}
