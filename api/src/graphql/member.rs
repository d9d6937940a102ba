//! People of a tenant, and how they come and go.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{MemberId, invitation};
use policy::Action;
use secrecy::ExposeSecret;
use store::{member::MemberRow, person::Membership};

use super::{
    context,
    page::connection,
    payload::payload,
    scalar::DateTime,
    secret::Secret,
    tenant::{TenantSummary, summary_of_active},
    word::Role,
};
use crate::{error::Failure, service};

/// A person in one tenant, with one role.
#[derive(Debug, Clone)]
pub struct Member {
    id: MemberId,
    role: policy::Role,
    email: String,
    name: String,
    created_at: chrono::DateTime<chrono::Utc>,
    /// Known when it need not be the active tenant.
    tenant: Option<TenantSummary>,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            id: row.id,
            role: row.role.0,
            email: row.email,
            name: row.name,
            created_at: row.created_at,
            tenant: None,
        }
    }
}

impl From<Membership> for Member {
    fn from(row: Membership) -> Self {
        Self {
            id: row.id,
            role: row.role.0,
            email: row.email.clone(),
            name: row.name.clone(),
            created_at: row.created_at,
            tenant: Some(TenantSummary::from(row)),
        }
    }
}

/// A person in one tenant, with one role.
#[Object]
impl Member {
    /// `mem_…`
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// What the person may do in the tenant.
    async fn role(&self) -> Role {
        self.role.into()
    }

    /// The person's e-mail address.
    async fn email(&self) -> &str {
        &self.email
    }

    /// The person's name.
    async fn name(&self) -> &str {
        &self.name
    }

    /// When the person joined.
    async fn created_at(&self) -> DateTime {
        self.created_at.into()
    }

    /// The tenant it is a membership of.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<TenantSummary, Failure> {
        match &self.tenant {
            Some(tenant) => Ok(tenant.clone()),
            None => Ok(summary_of_active(context::request(ctx)?).await?),
        }
    }
}

connection!(MemberConnection, MemberEdge, Member, "members");

/// An invitation into the tenant: single use, bound to its e-mail address and role.
#[derive(Debug, Clone)]
pub struct Invitation {
    row: invitation::Model,
    token: Option<Secret>,
}

/// An invitation into the tenant: single use, bound to its e-mail address and role.
#[Object]
impl Invitation {
    /// `inv_…`
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// The address it is bound to.
    async fn email(&self) -> &str {
        &self.row.email
    }

    /// The role it grants.
    async fn role(&self) -> Role {
        self.row.role.0.into()
    }

    /// When it can no longer be accepted.
    async fn expires_at(&self) -> DateTime {
        self.row.expires_at.into()
    }

    /// For `invitationAccept`; shown this once. Null in the answer to a repetition (`Idempotency-Replayed: true`):
    /// who has lost it invites the address again, which replaces the invitation.
    async fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.expose_secret())
    }
}

/// Somebody who has just become a member, and signs in next.
#[derive(Debug, Clone, SimpleObject)]
pub struct JoinedMember {
    /// `mem_…`
    pub id: ID,
    /// The tenant, for `sessionTenantSelect`.
    pub tenant_id: ID,
    /// The role that was granted.
    pub role: Role,
    /// The address to sign in with.
    pub email: String,
}

payload! {
    /// The invitation that was made.
    MemberInvitePayload, MemberInviteUserError, MemberInviteErrorCode {
        /// The invitation, with its token shown this once.
        invitation: Invitation,
    } refuses { Invalid, AlreadyExists, RoleTooHigh, QuotaExceeded }
}

payload! {
    /// The member that was made.
    InvitationAcceptPayload, InvitationAcceptUserError, InvitationAcceptErrorCode {
        /// The member.
        member: JoinedMember,
    } refuses { NotFound, Invalid, InvalidCredentials, AlreadyExists, Expired, QuotaExceeded }
}

payload! {
    /// The member that was removed.
    MemberRemovePayload, MemberRemoveUserError, MemberRemoveErrorCode {
        /// The member, as it was.
        member: Member,
    } refuses { NotFound, Invalid, LastOwner, RoleTooHigh }
}

/// Whom to invite.
#[derive(Debug, InputObject)]
pub struct MemberInviteInput {
    /// The address the invitation is bound to.
    email: String,
    /// The role it grants; never above the own.
    role: Role,
}

/// What an invited person shows and chooses.
#[derive(Debug, InputObject)]
pub struct InvitationAcceptInput {
    /// The token of the invitation.
    token: Secret,
    /// The person's name, at most 200 characters. Needed, and used, only without an account. Whether
    /// there is one is not told: a missing name and a wrong password are answered the same.
    name: Option<String>,
    /// With an account its password; else the password to be, 12 characters to 1 024 bytes.
    password: Secret,
}

/// Whom to remove.
#[derive(Debug, InputObject)]
pub struct MemberRemoveInput {
    /// `mem_…`
    member_id: ID,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// People coming and going.
#[derive(Debug, Default, Clone, Copy)]
pub struct MemberMutation;

/// People coming and going.
#[Object]
impl MemberMutation {
    /// Invites somebody into the active tenant for seven days; a second invitation of an address
    /// replaces the first. Needs role owner or admin, signed in as a person; API keys cannot.
    async fn member_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to invite.")] input: MemberInviteInput,
    ) -> Result<MemberInvitePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let created =
            service::member::invite(&request.app, actor, &input.email, input.role.into()).await;
        MemberInvitePayload::of(created.map(|invited| {
            let invitation = Invitation {
                row: invited.invitation,
                token: invited.token.map(Into::into),
            };
            MemberInvitePayload::done(invitation, invited.event)
        }))
    }

    /// Makes the invited person a member; signing in comes next. Needs no credential beside the token
    /// of the invitation.
    async fn invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token, and who accepts.")] input: InvitationAcceptInput,
    ) -> Result<InvitationAcceptPayload, Failure> {
        let request = context::request(ctx)?;
        let joined = service::member::accept_invitation(
            &request.app,
            &input.token,
            input.name.as_deref(),
            &input.password,
            &request.context,
        );
        let joined = request.noting_wrong_password(joined.await);
        InvitationAcceptPayload::of(joined.map(|joined| {
            let member = JoinedMember {
                id: ID(joined.member.to_string()),
                tenant_id: ID(joined.invited.tenant.to_string()),
                role: joined.invited.role.into(),
                email: joined.invited.email,
            };
            InvitationAcceptPayload::done(member, joined.event)
        }))
    }

    /// Removes a member; the person's account and other tenants stay. Needs role owner or admin, signed in as a
    /// person; API keys cannot.
    async fn member_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to remove.")] input: MemberRemoveInput,
    ) -> Result<MemberRemovePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let removed =
            service::member::remove(&request.app, actor, &input.member_id, input.reason).await;
        MemberRemovePayload::of(
            removed.map(|(row, event)| MemberRemovePayload::done(row.into(), event)),
        )
    }
}

/// One member of the active tenant.
pub(super) async fn find(
    snapshot: &store::Snapshot,
    id: MemberId,
) -> Result<Option<Member>, Failure> {
    let view = snapshot.view(Action::MemberList)?;
    Ok(view.find_member(id).await?.map(Member::from))
}
