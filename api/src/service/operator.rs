//! What operators do: sign in, make tenants, move them through their states, look at them.

use std::sync::Arc;

use entity::{OperatorId, TenantId, tenant};
use policy::{Action, TenantStep, Tier};
use secrecy::SecretString;
use store::{
    EventRef, Noun, Operator, RequestContext,
    audit_entry::ChainInfo,
    auth::{NewSession, SignInRecord},
    idempotency::Earlier,
    ledger::RotatedKey,
    operator::OperatorView,
    page::{Page, PageRequest},
    tenant::{NewTenant, TenantFilter, life, life::NewStep},
    user::{NewUser, normal_email},
};

use super::{input, member, session};
use crate::{
    app::App,
    error::{Code, Error},
};

/// Begins a session for the operator who knows the password of that address.
///
/// # Errors
/// [`Code::InvalidCredentials`], the same and after the same work for an unknown address.
pub async fn login(
    app: &Arc<App>,
    email: &str,
    password: &SecretString,
    context: &RequestContext,
) -> Result<NewSession, Error> {
    let record = match normal_email("email", email) {
        Ok(email) => app.store.find_operator_sign_in(&email).await?,
        Err(_) => None,
    };
    let hash = record.as_ref().map(|record| record.password_hash.as_str());
    let matches = session::verify(app, hash, password).await?;
    match record {
        Some(record) if matches => {
            let session = app.store.create_operator_session(record, context.clone());
            Ok(session.await?)
        }
        Some(record) => {
            note_failure(app, record, context.clone());
            Err(Error::new(Code::InvalidCredentials))
        }
        None => Err(Error::new(Code::InvalidCredentials)),
    }
}

/// Ends the operator's session.
///
/// # Errors
/// As the store says; then the session goes on.
pub async fn logout(app: &App, operator: &Operator) -> Result<Option<EventRef>, Error> {
    Ok(app.store.sign_out_operator(operator).await?.event())
}

/// Recorded beside the answer, so that its time does not tell whether the address is known.
fn note_failure(app: &Arc<App>, record: SignInRecord<OperatorId>, context: RequestContext) {
    let store = app.store.clone();
    app.tasks.spawn(async move {
        if let Err(error) = store.record_failed_operator_sign_in(&record, context).await {
            tracing::error!(error = ?error, "a failed sign-in could not be recorded");
        }
    });
}

/// An account that exists becomes owner only when its own password is given: whoever made the account
/// first must not inherit a tenant that is meant for somebody else.
async fn own_password(app: &App, email: &str, password: &SecretString) -> Result<(), Error> {
    let Some(account) = app.store.find_sign_in(email).await? else {
        return Ok(());
    };
    if session::verify(app, Some(&account.password_hash), password).await? {
        return Ok(());
    }
    Err(Error::with_message(
        Code::AlreadyExists,
        "an account with this e-mail address exists; give its own password, or another address",
    )
    .on("ownerEmail"))
}

/// A tenant as an operator asks for it.
#[derive(Debug)]
pub struct TenantWish {
    /// Unique short name.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Which quotas apply.
    pub tier: Tier,
    /// The first owner's address.
    pub owner_email: String,
    /// The first owner's password; not used when there is an account with that address.
    pub owner_password: SecretString,
    /// The first owner's name; the address if there is none.
    pub owner_name: Option<String>,
}

/// Makes a tenant with its first owner.
///
/// # Errors
/// [`Code::Invalid`] on the field it is about, [`Code::AlreadyExists`].
pub async fn create_tenant(
    app: &App,
    operator: &Operator,
    wish: TenantWish,
) -> Result<Stepped, Error> {
    if let Some(earlier) = operator.earlier() {
        return again(app, operator, Action::TenantCreate, earlier).await;
    }
    store::tenant::check_slug(&wish.slug)?;
    let name = input::name("name", &wish.name)?;
    let email = normal_email("ownerEmail", &wish.owner_email)?;
    let owner_name = match &wish.owner_name {
        Some(name) => input::name("ownerName", name)?,
        None => email.clone(),
    };
    let password_hash = member::new_hash(app, "ownerPassword", &wish.owner_password).await?;
    own_password(app, &email, &wish.owner_password).await?;
    let new = NewTenant {
        slug: wish.slug,
        name,
        tier: wish.tier,
        owner: NewUser {
            email,
            name: owner_name,
            password_hash,
        },
    };
    let created = app.store.create_tenant(operator, new).await;
    let created = created.map_err(|error| {
        let error = Error::from(error);
        if error.code() == Code::AlreadyExists {
            error.on("slug")
        } else {
            error
        }
    })?;
    Ok((created.tenant, created.receipt.event()))
}

/// A tenant after a step, and what was recorded of it.
pub type Stepped = (tenant::Model, Option<EventRef>);

/// The tenant that was changed the first time, as it is now.
pub(super) async fn again(
    app: &App,
    operator: &Operator,
    action: Action,
    earlier: &Earlier,
) -> Result<Stepped, Error> {
    let view = app.store.view_operator(operator, action).await?;
    let tenant = view.tenant(earlier.id()?).await?;
    Ok((tenant, Some(earlier.event())))
}

/// Takes one step in a tenant's life.
///
/// # Errors
/// [`Code::NotFound`] on `tenantId`, [`Code::InvalidState`].
pub async fn step_tenant(
    app: &App,
    operator: &Operator,
    step: TenantStep,
    tenant: &str,
    reason: Option<String>,
) -> Result<Stepped, Error> {
    if let Some(earlier) = operator.earlier() {
        return again(app, operator, life::action(step), earlier).await;
    }
    let new = NewStep {
        step,
        reason: input::reason(reason)?,
        retention: app.config.tenants.retention,
    };
    let id: TenantId = input::id("tenantId", Noun::Tenant, tenant)?;
    let stepped = app.store.step_tenant(operator, new, id).await;
    let (tenant, receipt) = stepped.map_err(input::not_found_on("tenantId"))?;
    if matches!(step, TenantStep::Suspend | TenantStep::Deactivate) {
        app.links.forget_tenant(id);
    }
    Ok((tenant, receipt.event()))
}

/// A page of tenants, newest first, each with its cursor.
///
/// # Errors
/// [`Code::Invalid`] for a cursor of another list.
pub async fn list_tenants(
    app: &App,
    operator: &Operator,
    filter: &TenantFilter,
    page: &PageRequest,
) -> Result<Page<(String, tenant::Model)>, Error> {
    let view = app
        .store
        .view_operator(operator, Action::TenantList)
        .await?;
    let page = view.list_tenants(&app.store, filter, page).await?;
    let rows = page.rows.into_iter().map(|tenant| {
        let cursor = OperatorView::tenant_cursor(&app.store, filter, &tenant);
        (cursor, tenant)
    });
    Ok(Page {
        rows: rows.collect(),
        has_next: page.has_next,
    })
}

/// One tenant's record; `None` for an id that leads nowhere.
///
/// # Errors
/// As the store says.
pub async fn find_tenant(
    app: &App,
    operator: &Operator,
    tenant: &str,
) -> Result<Option<tenant::Model>, Error> {
    let view = app
        .store
        .view_operator(operator, Action::TenantList)
        .await?;
    let Ok(id) = tenant.parse::<TenantId>() else {
        return Ok(None);
    };
    match view.tenant(id).await {
        Ok(record) => Ok(Some(record)),
        Err(store::StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where the deployment's own log ends.
///
/// # Errors
/// As the store says.
pub async fn system_chain(app: &App, operator: &Operator) -> Result<ChainInfo, Error> {
    let view = app
        .store
        .view_operator(operator, Action::SystemChainRead)
        .await?;
    Ok(view.system_chain(&app.store).await?)
}

/// Gives a tenant's log a new signing key, or the deployment's own log when no tenant is named.
///
/// # Errors
/// [`Code::NotFound`] on `tenantId`, [`Code::InvalidState`] while a key is still being replaced.
pub async fn rotate_log_key(
    app: &App,
    operator: &Operator,
    tenant: Option<&str>,
) -> Result<RotatedKey, Error> {
    if let Some(earlier) = operator.earlier() {
        let rotated = app.store.rotated_log_key(operator, earlier).await;
        return Ok(rotated?);
    }
    let id = match tenant {
        Some(tenant) => input::id("tenantId", Noun::Tenant, tenant)?,
        None => TenantId::SYSTEM,
    };
    let rotated = app.store.rotate_log_key(operator, id).await;
    rotated.map_err(input::not_found_on("tenantId"))
}
