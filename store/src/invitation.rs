//! Invitations: single use, seven days, bound to e-mail, tenant and role. Each holds a seat.

use chrono::TimeDelta;
use entity::{InvitationId, MemberId, Text, invitation};
use policy::{Action, Grant, QuotaMetric, Role, limit};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use secrecy::SecretString;

use crate::{
    Actor, ConflictCode, Noun, Principal, Receipt, RequestContext, Store, StoreError, Tx, View,
    auth::{InvitedPerson, token},
    conn::insert,
    event::{
        InvitationAccepted, MemberInvited,
        class::{Personal, Public, Target},
    },
    tx::TenantCheck,
    user::{self, NewUser},
};

/// An invitation just made.
#[derive(Debug)]
pub struct CreatedInvitation {
    /// The record.
    pub invitation: invitation::Model,
    /// The token, to be shown once.
    pub token: SecretString,
    /// What was recorded.
    pub receipt: Receipt,
}

impl Store {
    /// Invites somebody. A second invitation to the same address replaces the first.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for a role above the actor's or somebody who is a member already;
    /// [`StoreError::QuotaExceeded`] when no seat is free.
    pub async fn create_invitation(
        &self,
        actor: &Actor,
        email: &str,
        role: Role,
    ) -> Result<CreatedInvitation, StoreError> {
        let email = user::normal_email("email", email)?;
        self.permit(actor, Action::MemberInvite)?;
        let creator = inviter(actor, role)?;
        let tx = self.begin(actor, Action::MemberInvite).await?;
        tx.refuse_domain(&email).await?;
        tx.refuse_member(&email).await?;
        tx.withdraw_open(&email).await?;
        let fresh = token::new_invitation()?;
        let expires_at = tx.now() + TimeDelta::days(limit::INVITATION_TTL_DAYS.into());
        let reservation = tx.reserve(QuotaMetric::Users, 1, expires_at).await?;
        let row = invitation::Model {
            tenant_id: tx.tenant(),
            id: InvitationId::generate(),
            email: email.clone(),
            role: Text(role),
            token_hash: fresh.hash.to_vec(),
            created_by: creator,
            reservation_id: reservation,
            created_at: tx.now(),
            expires_at,
            accepted_at: None,
            revoked_at: None,
        };
        insert(tx.conn(), row.clone()).await?;
        let receipt = tx
            .commit(MemberInvited {
                invitation: Target(row.id),
                role: Public(role.to_string()),
                email: Personal(email),
            })
            .await?;
        Ok(CreatedInvitation {
            invitation: row,
            token: fresh.token,
            receipt,
        })
    }

    /// Accepts an invitation for a person whose password was set or checked. Two acceptances at
    /// once end in one membership.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it was used or withdrawn meanwhile;
    /// [`StoreError::TenantSuspended`].
    pub async fn accept_invitation(
        &self,
        invited: &InvitedPerson,
        person: NewUser,
        request: RequestContext,
    ) -> Result<(MemberId, Receipt), StoreError> {
        let conn = self.database().begin_write().await?;
        let email = Some(invited.email.clone());
        let mut tx = self
            .enter(
                conn,
                invited.tenant,
                Principal::Anonymous,
                request,
                email,
                TenantCheck::Active,
            )
            .await?;
        tx.use_invitation(invited.invitation).await?;
        let user = tx.ensure_user(person).await?;
        let member = tx.insert_member(user, invited.role).await?;
        tx.commit_reservation(invited.reservation, 1).await?;
        tx.act_as(Principal::User(member));
        let receipt = tx
            .commit(InvitationAccepted {
                invitation: Target(invited.invitation),
                member: Target(member),
                role: Public(invited.role.to_string()),
                email: Personal(invited.email.clone()),
            })
            .await?;
        Ok((member, receipt))
    }
}

/// The member behind the actor, if it may grant that role. Keys never manage people.
fn inviter(actor: &Actor, role: Role) -> Result<MemberId, StoreError> {
    match (actor.principal(), actor.grant()) {
        (Principal::User(member), Grant::Member { role: own }) if own.may_grant(role) => Ok(member),
        (Principal::User(_), Grant::Member { role: own }) => Err(StoreError::conflict(
            ConflictCode::RoleTooHigh,
            format!("role {own} cannot grant role {role}"),
        )),
        _ => Err(StoreError::Forbidden(Action::MemberInvite)),
    }
}

impl View<'_> {
    /// One invitation, whatever became of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_invitation(&self, id: InvitationId) -> Result<invitation::Model, StoreError> {
        let query = self.find::<invitation::Entity>();
        let found = query.filter(invitation::Column::Id.eq(id)).one(self.conn());
        found.await?.ok_or(StoreError::NotFound(Noun::Invitation))
    }
}

impl Tx {
    async fn refuse_domain(&self, email: &str) -> Result<(), StoreError> {
        if self.settings().await?.admits(email) {
            return Ok(());
        }
        Err(StoreError::invalid(
            "email",
            "email must be of a domain that the tenant's settings admit (invitationDomains)",
        ))
    }

    async fn refuse_member(&self, email: &str) -> Result<(), StoreError> {
        let statement = self.conn().sql(
            "SELECT 1 AS one FROM member m JOIN \"user\" u ON u.id = m.user_id \
             WHERE m.tenant_id = $1 AND u.email = $2 AND m.removed_at IS NULL",
            [self.tenant().into(), email.into()],
        );
        match self.conn().query_one_raw(statement).await? {
            None => Ok(()),
            Some(_) => Err(StoreError::conflict(
                ConflictCode::AlreadyExists,
                "somebody with this e-mail address is a member already",
            )),
        }
    }

    /// Ends the open invitation of an address, if there is one, and gives its seat back.
    async fn withdraw_open(&self, email: &str) -> Result<(), StoreError> {
        let open = self
            .find::<invitation::Entity>()
            .filter(invitation::Column::Email.eq(email))
            .filter(invitation::Column::AcceptedAt.is_null())
            .filter(invitation::Column::RevokedAt.is_null())
            .one(self.conn())
            .await?;
        match open {
            Some(open) => self.withdraw(&open).await,
            None => Ok(()),
        }
    }

    /// Ends an open invitation and gives its seat back, unless the lease has done so already.
    pub(crate) async fn withdraw(&self, open: &invitation::Model) -> Result<(), StoreError> {
        let values = [self.now().into(), self.tenant().into(), open.id.into()];
        let statement = self.conn().sql(
            "UPDATE invitation SET revoked_at = $1 WHERE tenant_id = $2 AND id = $3",
            values,
        );
        self.conn().execute_raw(statement).await?;
        match self.release(open.reservation_id).await {
            Err(StoreError::Conflict { .. }) => Ok(()),
            released => released,
        }
    }

    /// Marks it used, if it still can be.
    async fn use_invitation(&self, id: InvitationId) -> Result<(), StoreError> {
        let values = [self.now().into(), self.tenant().into(), id.into()];
        let statement = self.conn().sql(
            "UPDATE invitation SET accepted_at = $1 WHERE tenant_id = $2 AND id = $3 \
             AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $1",
            values,
        );
        if self.conn().execute_raw(statement).await?.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::NotFound(Noun::Invitation))
        }
    }
}
