//! What a person may see and do beside every tenant: the own memberships, switching, signing out.

use chrono::{DateTime, Utc};
use entity::{MemberId, TenantId, Text, UserId, session, user};
use policy::{Action, Grant, Role, TenantStatus, allow};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};

use crate::{
    Noun, Person, Principal, Receipt, Store, StoreError,
    auth::MEMBERSHIPS,
    conn::Conn,
    event::{
        SignedOut, TenantSelected,
        class::{Public, Target},
    },
    revocation::Revoked,
    tx::TenantCheck,
};

/// One of a person's own memberships, with what its tenant is called.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Membership {
    /// The membership.
    pub id: MemberId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The role in it.
    pub role: Text<Role>,
    /// The person's address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// When the person joined.
    pub created_at: DateTime<Utc>,
    /// The tenant's short name.
    pub slug: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// Where the tenant stands.
    pub status: Text<TenantStatus>,
}

impl Store {
    /// The person's own memberships, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn memberships_of(&self, person: &Person) -> Result<Vec<Membership>, StoreError> {
        let conn = self.database().begin_read().await?;
        memberships(&conn, person.user).await
    }

    /// The person's own name.
    ///
    /// # Errors
    /// As the database says.
    #[expect(clippy::disallowed_methods, reason = "people are no tenant's")]
    pub async fn name_of(&self, person: &Person) -> Result<Option<String>, StoreError> {
        let conn = self.database().begin_read().await?;
        let user = user::Entity::find_by_id(person.user).one(&conn).await?;
        Ok(user.map(|user| user.name))
    }

    /// Makes one of the person's tenants the active one of the session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the person is no member of it, whether or not it exists.
    pub async fn select_tenant(
        &self,
        person: &Person,
        tenant: TenantId,
    ) -> Result<Receipt, StoreError> {
        may(Action::SessionTenantSelect)?;
        let conn = self.database().begin_write().await?;
        let membership = memberships(&conn, person.user)
            .await?
            .into_iter()
            .find(|member| member.tenant_id == tenant)
            .ok_or(StoreError::NotFound(Noun::Tenant))?;
        let principal = Principal::User(membership.id);
        let mut tx = self
            .enter(
                conn,
                tenant,
                principal,
                person.request.clone(),
                Some(person.email.clone()),
                TenantCheck::None,
            )
            .await?;
        let statement = tx.conn().sql(
            "UPDATE session SET tenant_id = $1 WHERE id = $2 AND user_id = $3",
            [tenant.into(), person.session.into(), person.user.into()],
        );
        tx.conn().execute_raw(statement).await?;
        tx.revoke(Revoked::Session(person.session)).await?;
        tx.commit(TenantSelected {
            member: Target(membership.id),
        })
        .await
    }

    /// Ends the person's session.
    ///
    /// # Errors
    /// As the database says; then the session goes on.
    pub async fn sign_out(&self, person: &Person) -> Result<Receipt, StoreError> {
        may(Action::SessionLogout)?;
        let conn = self.database().begin_write().await?;
        let member = match person.selected {
            Some(tenant) => memberships(&conn, person.user)
                .await?
                .into_iter()
                .find(|member| member.tenant_id == tenant),
            None => None,
        };
        let (log, principal) = match member {
            Some(member) => (member.tenant_id, Principal::User(member.id)),
            None => (TenantId::SYSTEM, Principal::Person(person.user)),
        };
        let mut tx = self
            .enter(
                conn,
                log,
                principal,
                person.request.clone(),
                Some(person.email.clone()),
                TenantCheck::None,
            )
            .await?;
        session::Entity::delete_many()
            .filter(session::Column::Id.eq(person.session))
            .exec(tx.conn())
            .await?;
        tx.revoke(Revoked::Session(person.session)).await?;
        tx.commit(SignedOut { own: Public(true) }).await
    }
}

/// A person's memberships that are not over, oldest first.
pub(crate) async fn memberships(conn: &Conn, user: UserId) -> Result<Vec<Membership>, StoreError> {
    let statement = MEMBERSHIPS.by(conn, [user.into()]);
    Ok(Membership::find_by_statement(statement).all(conn).await?)
}

fn may(action: Action) -> Result<(), StoreError> {
    if allow(&Grant::Person, action) {
        Ok(())
    } else {
        Err(StoreError::Forbidden(action))
    }
}
