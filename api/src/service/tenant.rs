//! A tenant as its own people see it.

use entity::tenant;
use policy::Action;

use crate::{
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
