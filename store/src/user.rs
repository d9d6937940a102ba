//! Accounts of people and of operators.

use entity::{OperatorId, TenantId, UserId, operator, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    ConflictCode, Store, StoreError, Tx,
    conn::{Conn, insert},
    error::is_duplicate,
    event::{
        OperatorCreated,
        class::{Personal, Target},
    },
    system::Duty,
};

/// A person to be made known. The password is hashed already: this crate never sees one.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Lower-cased address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// argon2id in PHC form.
    pub password_hash: String,
}

/// An operator to be made known.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// Lower-cased address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// argon2id in PHC form.
    pub password_hash: String,
}

impl Store {
    /// Makes an operator account, on behalf of whoever holds the machine.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the address is taken.
    pub async fn create_operator(&self, new: NewOperator) -> Result<OperatorId, StoreError> {
        let tx = self.begin_duty(Duty::Bootstrap, TenantId::SYSTEM).await?;
        let (id, event) = tx.insert_operator(new).await?;
        tx.commit(event).await?;
        Ok(id)
    }
}

/// The address as it is compared: trimmed and lower-cased.
///
/// # Errors
/// [`StoreError::Invalid`] on `field` for what cannot be an address.
pub fn normal_email(field: &'static str, email: &str) -> Result<String, StoreError> {
    let email = email.trim().to_lowercase();
    let plausible = email.len() <= 254
        && !email.contains(|c: char| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
    if plausible {
        Ok(email)
    } else {
        Err(StoreError::invalid(
            field,
            format!("{field} must be an e-mail address such as ana@example.com"),
        ))
    }
}

/// The account with that address.
#[expect(clippy::disallowed_methods, reason = "people are no tenant's")]
pub(crate) async fn find_by_email(
    conn: &Conn,
    email: &str,
) -> Result<Option<user::Model>, StoreError> {
    Ok(user::Entity::find()
        .filter(user::Column::Email.eq(email))
        .one(conn)
        .await?)
}

impl Tx {
    /// The account with that address, made if there is none. An account that exists keeps its
    /// password: knowing an invitation is not knowing the person's password.
    pub(crate) async fn ensure_user(&self, new: NewUser) -> Result<UserId, StoreError> {
        if let Some(user) = find_by_email(self.conn(), &new.email).await? {
            return Ok(user.id);
        }
        let id = UserId::generate();
        let row = user::Model {
            id,
            email: new.email,
            name: new.name,
            password_hash: new.password_hash,
            created_at: self.now(),
        };
        insert(self.conn(), row).await?;
        Ok(id)
    }

    /// A new operator, and the event that says so.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the address is taken.
    pub async fn insert_operator(
        &self,
        new: NewOperator,
    ) -> Result<(OperatorId, OperatorCreated), StoreError> {
        let id = OperatorId::generate();
        let row = operator::Model {
            id,
            email: new.email.clone(),
            name: new.name,
            password_hash: new.password_hash,
            created_at: self.now(),
        };
        insert(self.conn(), row).await.map_err(|error| {
            if is_duplicate(&error) {
                StoreError::conflict(
                    ConflictCode::AlreadyExists,
                    "an operator with this e-mail address exists",
                )
            } else {
                error.into()
            }
        })?;
        let event = OperatorCreated {
            operator: Target(id),
            email: Personal(new.email),
        };
        Ok((id, event))
    }
}
