//! People coming into a tenant and leaving it.

use entity::MemberId;
use policy::{Action, Role};
use secrecy::{ExposeSecret, SecretString};
use store::{
    Actor, EventRef, Noun, RequestContext, auth::InvitedPerson, invitation::CreatedInvitation,
    member::MemberRow, user::NewUser,
};

use super::{input, session};
use crate::{
    adapter::password::check_rules,
    app::App,
    error::{Code, Error},
};

/// A token is 43 characters and a prefix; whatever is much longer is none.
const TOKEN_MAX_BYTES: usize = 200;

/// Invites somebody into the actor's tenant.
///
/// # Errors
/// [`Code::Invalid`] on `email`, [`Code::RoleTooHigh`], [`Code::AlreadyExists`],
/// [`Code::QuotaExceeded`].
pub async fn invite(
    app: &App,
    actor: &Actor,
    email: &str,
    role: Role,
) -> Result<CreatedInvitation, Error> {
    app.store.permit(actor, Action::MemberInvite)?;
    Ok(app.store.create_invitation(actor, email, role).await?)
}

/// Somebody who has just become a member.
#[derive(Debug)]
pub struct Joined {
    /// The membership.
    pub member: MemberId,
    /// Whom the invitation was for.
    pub invited: InvitedPerson,
    /// What was recorded.
    pub event: Option<EventRef>,
}

/// Accepts an invitation. Somebody with an account shows its password; for somebody without one,
/// name and password make it.
///
/// # Errors
/// [`Code::NotFound`] on `token`, [`Code::InvalidCredentials`], [`Code::Invalid`] on `name` or
/// `password`, [`Code::TenantSuspended`].
pub async fn accept_invitation(
    app: &App,
    token: &SecretString,
    name: Option<&str>,
    password: &SecretString,
    context: &RequestContext,
) -> Result<Joined, Error> {
    let token = token.expose_secret();
    if token.len() > TOKEN_MAX_BYTES {
        return Err(Error::from(store::StoreError::NotFound(Noun::Invitation)).on("token"));
    }
    let invited = app.store.find_invitation(token).await;
    let invited = invited.map_err(input::not_found_on("token"))?;
    let person = person(app, &invited, name, password).await?;
    let (member, receipt) = app
        .store
        .accept_invitation(&invited, person, context.clone())
        .await
        .map_err(input::not_found_on("token"))?;
    Ok(Joined {
        member,
        invited,
        event: receipt.event(),
    })
}

async fn person(
    app: &App,
    invited: &InvitedPerson,
    name: Option<&str>,
    password: &SecretString,
) -> Result<NewUser, Error> {
    let email = invited.email.clone();
    if let Some(hash) = &invited.password_hash {
        if !session::verify(app, Some(hash), password).await? {
            return Err(Error::new(Code::InvalidCredentials));
        }
        return Ok(NewUser {
            name: email.clone(),
            email,
            password_hash: hash.clone(),
        });
    }
    let name = name.ok_or_else(|| {
        Error::invalid(
            "name",
            "name must be given, because there is no account with it yet",
        )
    })?;
    Ok(NewUser {
        email,
        name: input::name("name", name)?,
        password_hash: new_hash(app, "password", password).await?,
    })
}

/// The hash of a new password, if it may be one.
///
/// # Errors
/// [`Code::Invalid`] on `field`, [`Code::Overloaded`].
pub(super) async fn new_hash(
    app: &App,
    field: &'static str,
    password: &SecretString,
) -> Result<String, Error> {
    let password = password.expose_secret();
    check_rules(field, password).map_err(|flaw| Error::invalid(field, flaw.to_string()))?;
    let hash = app.passwords.hash(password).await;
    hash.map_err(session::password_error)
}

/// Removes a member, and gives the record as it was.
///
/// # Errors
/// [`Code::NotFound`] on `memberId`, [`Code::LastOwner`], [`Code::RoleTooHigh`].
pub async fn remove(
    app: &App,
    actor: &Actor,
    member: &str,
    reason: Option<String>,
) -> Result<(MemberRow, Option<EventRef>), Error> {
    app.store.permit(actor, Action::MemberRemove)?;
    let reason = input::reason(reason)?;
    let id: MemberId = input::id("memberId", Noun::Member, member)?;
    let missing = || Error::from(store::StoreError::NotFound(Noun::Member)).on("memberId");
    // Read before: after the commit nothing may fail that makes a done change look undone.
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::MemberList)?;
    let row = view.find_member(id).await?.ok_or_else(missing)?;
    // Whoever holds one connection and waits for another can wait for somebody who does the same.
    drop(snapshot);
    let removed = app.store.remove_member(actor, id, reason).await;
    let (_, receipt) = removed.map_err(input::not_found_on("memberId"))?;
    Ok((row, receipt.event()))
}
