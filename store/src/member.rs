//! Members: people in a tenant. A tenant always keeps an owner, also under concurrent removals.

use chrono::{DateTime, Utc};
use entity::{ApiKeyId, MemberId, Text, UserId, invitation, member};
use policy::{Action, Grant, QuotaMetric, Role};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter};

use crate::{
    Actor, ConflictCode, Event, Events, Noun, Receipt, Store, StoreError, Tx, View,
    conn::insert,
    event::{
        ApiKeyRevoked, MemberRemoved,
        class::{Personal, Public, Target},
    },
    page::{Cursors, Page, PageRequest},
    revocation::Revoked,
};

const LIST: &str = "members";

/// A member with the person's name and address.
#[derive(Debug, Clone, FromQueryResult)]
pub struct MemberRow {
    /// The membership.
    pub id: MemberId,
    /// The person.
    pub user_id: UserId,
    /// The role.
    pub role: Text<Role>,
    /// The person's address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// When the person joined.
    pub created_at: DateTime<Utc>,
}

const MEMBERS: &str = "SELECT m.id, m.user_id, m.role, u.email, u.name, m.created_at \
    FROM member m JOIN \"user\" u ON u.id = m.user_id WHERE m.tenant_id = $1";

impl View<'_> {
    /// A page of members, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    pub async fn list_members(&self, page: &PageRequest) -> Result<Page<MemberRow>, StoreError> {
        let after = match page.after() {
            Some(cursor) => self.member_cursors().decode(cursor)?.parse(),
            None => Ok(MemberId(uuid::Uuid::nil())),
        };
        let statement = self.conn().sql(
            &format!(
                "{MEMBERS} AND m.removed_at IS NULL AND m.id > $2 ORDER BY m.id LIMIT {}",
                page.probe()
            ),
            [
                self.tenant().into(),
                after.map_err(StoreError::internal)?.into(),
            ],
        );
        let rows = MemberRow::find_by_statement(statement)
            .all(self.conn())
            .await?;
        Ok(page.cut(rows))
    }

    /// The cursor behind which the next page begins.
    #[must_use]
    pub fn member_cursor(&self, member: MemberId) -> String {
        self.member_cursors().encode(&member.to_string())
    }

    /// One member, also one who was removed.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_member(&self, id: MemberId) -> Result<Option<MemberRow>, StoreError> {
        let statement = self.conn().sql(
            &format!("{MEMBERS} AND m.id = $2"),
            [self.tenant().into(), id.into()],
        );
        Ok(MemberRow::find_by_statement(statement)
            .one(self.conn())
            .await?)
    }

    fn member_cursors(&self) -> Cursors<'_> {
        Cursors::new(self.store(), self.tenant(), LIST)
    }
}

impl Store {
    /// Removes a member. The person's other tenants and the account stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] for the last owner, or for a member whose
    /// role is above the actor's.
    pub async fn remove_member(
        &self,
        actor: &Actor,
        id: MemberId,
        reason: Option<String>,
    ) -> Result<(MemberId, Receipt), StoreError> {
        let mut tx = self.begin(actor, Action::MemberRemove).await?;
        let role = tx.end_membership(id, actor.grant()).await?;
        tx.free(QuotaMetric::Users, 1).await?;
        tx.end_invitations_of(id).await?;
        tx.leave_sessions_of(id).await?;
        let keys = tx.end_keys_of(id).await?;
        tx.revoke(Revoked::Member(id)).await?;
        let removed = MemberRemoved {
            member: Target(id),
            role: Public(role.to_string()),
            reason: Personal(reason),
        };
        // What the commit is about stands last.
        let mut events = keys.into_iter().map(|key| {
            Event::from(ApiKeyRevoked {
                key: Target(key),
                reason: Personal(Some("its member was removed".to_owned())),
            })
        });
        let receipt = match events.next() {
            Some(first) => {
                let events = events.fold(Events::from(first), Events::and);
                tx.commit(events.and(removed)).await?
            }
            None => tx.commit(removed).await?,
        };
        Ok((id, receipt))
    }
}

impl Tx {
    async fn end_membership(&self, id: MemberId, grant: &Grant) -> Result<Role, StoreError> {
        self.lock_owners().await?;
        let member = self
            .find::<member::Entity>()
            .filter(member::Column::Id.eq(id))
            .filter(member::Column::RemovedAt.is_null())
            .one(self.conn())
            .await?
            .ok_or(StoreError::NotFound(Noun::Member))?;
        let role = member.role.0;
        may_remove(grant, role)?;
        let values = [self.now().into(), self.tenant().into(), id.into()];
        let statement = self.conn().sql(
            "UPDATE member SET removed_at = $1 WHERE tenant_id = $2 AND id = $3 \
             AND removed_at IS NULL AND (role <> 'owner' OR EXISTS ( \
               SELECT 1 FROM member o WHERE o.tenant_id = $2 AND o.id <> $3 \
               AND o.role = 'owner' AND o.removed_at IS NULL))",
            values,
        );
        if self.conn().execute_raw(statement).await?.rows_affected() == 1 {
            return Ok(role);
        }
        Err(StoreError::conflict(
            ConflictCode::LastOwner,
            "a tenant keeps at least one owner; make somebody else an owner first",
        ))
    }

    /// Ends the keys a member made: coming back as a member must not bring them back.
    async fn end_keys_of(&self, id: MemberId) -> Result<Vec<ApiKeyId>, StoreError> {
        #[derive(FromQueryResult)]
        struct Ended {
            id: ApiKeyId,
        }
        let values = [self.now().into(), self.tenant().into(), id.into()];
        let statement = self.conn().sql(
            "UPDATE api_key SET revoked_at = $1 WHERE tenant_id = $2 AND created_by = $3 \
             AND revoked_at IS NULL RETURNING id",
            values,
        );
        let ended = Ended::find_by_statement(statement).all(self.conn()).await?;
        Ok(ended.into_iter().map(|ended| ended.id).collect())
    }

    /// Takes a member's sessions out of the tenant; the person stays signed in beside it.
    async fn leave_sessions_of(&self, id: MemberId) -> Result<(), StoreError> {
        let statement = self.conn().sql(
            "UPDATE session SET tenant_id = NULL WHERE tenant_id = $1 AND user_id = ( \
             SELECT user_id FROM member WHERE tenant_id = $1 AND id = $2)",
            [self.tenant().into(), id.into()],
        );
        self.conn().execute_raw(statement).await?;
        Ok(())
    }

    /// Withdraws the open invitations a member made and gives their seats back.
    async fn end_invitations_of(&self, id: MemberId) -> Result<(), StoreError> {
        let open = self
            .find::<invitation::Entity>()
            .filter(invitation::Column::CreatedBy.eq(id))
            .filter(invitation::Column::AcceptedAt.is_null())
            .filter(invitation::Column::RevokedAt.is_null())
            .filter(invitation::Column::ExpiresAt.gt(self.now()))
            .all(self.conn())
            .await?;
        for invitation in open {
            self.withdraw(&invitation).await?;
        }
        Ok(())
    }

    /// Makes removals of owners wait for each other: the condition of the update looks at rows that
    /// a concurrent one may be about to change. SQLite has one writer and needs no lock.
    async fn lock_owners(&self) -> Result<(), StoreError> {
        if self.conn().is_postgres() {
            let statement = self.conn().sql(
                "SELECT id FROM member WHERE tenant_id = $1 AND role = 'owner' \
                 AND removed_at IS NULL ORDER BY id FOR UPDATE",
                [self.tenant().into()],
            );
            self.conn().query_all_raw(statement).await?;
        }
        Ok(())
    }

    /// Makes the person a member, or one again.
    pub(crate) async fn insert_member(
        &self,
        user: UserId,
        role: Role,
    ) -> Result<MemberId, StoreError> {
        let existing = self
            .find::<member::Entity>()
            .filter(member::Column::UserId.eq(user))
            .one(self.conn())
            .await?;
        match existing {
            Some(member) if member.removed_at.is_none() => Err(StoreError::conflict(
                ConflictCode::AlreadyExists,
                "the person is a member already",
            )),
            Some(member) => {
                self.revive_member(member.id, role).await?;
                Ok(member.id)
            }
            None => self.add_member(user, role).await,
        }
    }

    async fn revive_member(&self, id: MemberId, role: Role) -> Result<(), StoreError> {
        let values = [role.as_str().into(), self.tenant().into(), id.into()];
        let statement = self.conn().sql(
            "UPDATE member SET removed_at = NULL, role = $1 WHERE tenant_id = $2 AND id = $3",
            values,
        );
        self.conn().execute_raw(statement).await?;
        Ok(())
    }

    pub(crate) async fn add_member(
        &self,
        user: UserId,
        role: Role,
    ) -> Result<MemberId, StoreError> {
        let id = MemberId::generate();
        let row = member::Model {
            tenant_id: self.tenant(),
            id,
            user_id: user,
            role: Text(role),
            created_at: self.now(),
            removed_at: None,
        };
        insert(self.conn(), row).await?;
        Ok(id)
    }
}

/// Nobody removes above the own role.
fn may_remove(grant: &Grant, role: Role) -> Result<(), StoreError> {
    match grant {
        Grant::Member { role: own } if !own.may_grant(role) => Err(StoreError::conflict(
            ConflictCode::RoleTooHigh,
            format!("removing a member with role {role} takes that role or a higher one"),
        )),
        _ => Ok(()),
    }
}
