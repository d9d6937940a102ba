//! People coming into a tenant and leaving it.

use std::sync::Arc;

use entity::{MemberId, UserId, invitation};
use policy::{Action, Role};
use secrecy::{ExposeSecret, SecretString};
use store::{
    Actor, EventRef, Noun, RequestContext,
    auth::{InvitedPerson, SignInRecord},
    idempotency::Earlier,
    member::MemberRow,
    user::NewUser,
};

use super::{input, session};
use crate::{
    adapter::password::check_rules,
    app::App,
    error::{Code, Error},
};

/// A token is 43 characters and a prefix; whatever is much longer is none.
const TOKEN_MAX_BYTES: usize = 200;

/// An invitation that was made.
#[derive(Debug)]
pub struct Invited {
    /// The record.
    pub invitation: invitation::Model,
    /// The token; none when it was shown before.
    pub token: Option<SecretString>,
    /// What was recorded.
    pub event: Option<EventRef>,
}

/// Invites somebody into the actor's tenant.
///
/// # Errors
/// [`Code::Invalid`] on `email`, [`Code::RoleTooHigh`], [`Code::AlreadyExists`],
/// [`Code::QuotaExceeded`].
pub async fn invite(app: &App, actor: &Actor, email: &str, role: Role) -> Result<Invited, Error> {
    app.store.permit(actor, Action::MemberInvite)?;
    if let Some(earlier) = actor.earlier() {
        let snapshot = app.store.snapshot(actor).await?;
        let view = snapshot.view(Action::MemberInvite)?;
        return Ok(Invited {
            invitation: view.get_invitation(earlier.id()?).await?,
            token: None,
            event: Some(earlier.event()),
        });
    }
    let created = app.store.create_invitation(actor, email, role).await?;
    Ok(Invited {
        invitation: created.invitation,
        token: Some(created.token),
        event: created.receipt.event(),
    })
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
/// Whoever made the invitation holds its token, too, and must not learn from it whose address has an
/// account. So whatever does not make a member is answered the same, after the same work, whether or
/// not there is one.
///
/// # Errors
/// [`Code::NotFound`] on `token`, [`Code::Invalid`] on `name` or `password`, [`Code::InvalidCredentials`]
/// for a wrong password and for a newcomer without a name, [`Code::TenantSuspended`].
pub async fn accept_invitation(
    app: &Arc<App>,
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
    // Looked at before the account: the same flaws for everybody.
    let name = name.filter(|name| !name.trim().is_empty());
    let name = name.map(|name| input::name("name", name)).transpose()?;
    hold_rules("password", password)?;
    let person = match &invited.account {
        Some(account) => known(app, account, password, context).await?,
        None => newcomer(app, &invited.email, name, password).await?,
    };
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

async fn known(
    app: &Arc<App>,
    account: &SignInRecord<UserId>,
    password: &SecretString,
    context: &RequestContext,
) -> Result<NewUser, Error> {
    if !session::verify(app, Some(&account.password_hash), password).await? {
        session::note_failure(app, account.clone(), context.clone());
        return Err(not_accepted());
    }
    Ok(NewUser {
        name: account.email.clone(),
        email: account.email.clone(),
        password_hash: account.password_hash.clone(),
    })
}

async fn newcomer(
    app: &App,
    email: &str,
    name: Option<String>,
    password: &SecretString,
) -> Result<NewUser, Error> {
    let Some(name) = name else {
        session::verify(app, None, password).await?;
        return Err(not_accepted());
    };
    Ok(NewUser {
        email: email.to_owned(),
        name,
        password_hash: new_hash(app, "password", password).await?,
    })
}

fn not_accepted() -> Error {
    Error::with_message(
        Code::InvalidCredentials,
        "the password is not that of the account with the invited address; \
         where there is no account yet, a name is needed to make one",
    )
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
    hold_rules(field, password)?;
    let hash = app.passwords.hash(password.expose_secret()).await;
    hash.map_err(session::password_error)
}

fn hold_rules(field: &'static str, password: &SecretString) -> Result<(), Error> {
    let kept = check_rules(field, password.expose_secret());
    kept.map_err(|flaw| Error::invalid(field, flaw.to_string()))
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
    let earlier = actor.earlier().map(Earlier::event);
    let missing = || Error::from(store::StoreError::NotFound(Noun::Member)).on("memberId");
    // Read before: after the commit nothing may fail that makes a done change look undone.
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::MemberList)?;
    let row = view.find_member(id).await?.ok_or_else(missing)?;
    // Whoever holds one connection and waits for another can wait for somebody who does the same.
    drop(snapshot);
    if earlier.is_some() {
        return Ok((row, earlier));
    }
    let removed = app.store.remove_member(actor, id, reason).await;
    let (_, receipt) = removed.map_err(input::not_found_on("memberId"))?;
    Ok((row, receipt.event()))
}
