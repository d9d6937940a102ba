//! A tenant as its own people see it.

use entity::tenant;
use policy::Action;
use store::{
    Actor, EventRef,
    idempotency::Earlier,
    tenant::{contact::TenantChange, settings::SettingsChange},
};

use super::input;
use crate::{
    app::App,
    error::{Code, Error},
    request::{Caller, Request},
};

/// The active tenant's record. People of a tenant that is not active still see it; keys do not.
///
/// # Errors
/// [`Code::TenantSuspended`] for a key of a tenant that is not active, or as the store says.
pub async fn active(request: &Request) -> Result<Option<tenant::Model>, Error> {
    match read(request).await {
        Ok(record) => Ok(Some(record)),
        Err(error) => match (error.code(), &request.caller) {
            (Code::NoTenantSelected, _) => Ok(None),
            (Code::TenantSuspended, Caller::Person(signed_in)) => match &signed_in.actor {
                Some(actor) => Ok(Some(request.app.store.snapshot_of_record(actor).await?)),
                None => Ok(None),
            },
            _ => Err(error),
        },
    }
}

async fn read(request: &Request) -> Result<tenant::Model, Error> {
    let snapshot = request.snapshot().await?;
    let view = snapshot.view(Action::TenantRead)?;
    Ok(view.tenant_record().await?)
}

/// Changes the name or the contacts of the actor's tenant.
///
/// # Errors
/// [`Code::Invalid`] on the field it is about, [`Code::VersionMismatch`] on `expectedVersion`, [`Code::Forbidden`].
pub async fn update(
    app: &App,
    actor: &Actor,
    change: TenantChange,
) -> Result<(tenant::Model, Option<EventRef>), Error> {
    app.store.permit(actor, Action::TenantUpdate)?;
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, earlier).await;
    }
    let name = change.name.as_deref();
    let name = name.map(|name| input::name("name", name)).transpose()?;
    let change = TenantChange { name, ..change };
    let (tenant, receipt) = app
        .store
        .update_tenant(actor, change)
        .await
        .map_err(on_version)?;
    Ok((tenant, receipt.event()))
}

/// Changes the settings of the actor's tenant.
///
/// # Errors
/// [`Code::Invalid`] on the key it is about, [`Code::VersionMismatch`] on `expectedVersion`, [`Code::Forbidden`].
pub async fn update_settings(
    app: &App,
    actor: &Actor,
    change: SettingsChange,
) -> Result<(tenant::Model, Option<EventRef>), Error> {
    app.store.permit(actor, Action::SettingsUpdate)?;
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, earlier).await;
    }
    let updated = app.store.update_settings(actor, change).await;
    let (tenant, receipt) = updated.map_err(on_version)?;
    Ok((tenant, receipt.event()))
}

/// The tenant as it is now.
async fn again(
    app: &App,
    actor: &Actor,
    earlier: &Earlier,
) -> Result<(tenant::Model, Option<EventRef>), Error> {
    let snapshot = app.store.snapshot(actor).await?;
    let tenant = snapshot.view(Action::TenantRead)?.tenant_record().await?;
    Ok((tenant, Some(earlier.event())))
}

fn on_version(error: store::StoreError) -> Error {
    let error = Error::from(error);
    if error.code() == Code::VersionMismatch {
        error.on("expectedVersion")
    } else {
        error
    }
}
