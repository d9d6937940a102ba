//! Work for a tenant ends with the tenant's being active, also when it has begun.

use std::time::Duration;

use entity::TenantId;
use store::StoreError;

use crate::{app::App, error::Error};

/// How often is looked; a suspension ends the work within a second.
const LOOK: Duration = Duration::from_millis(800);

/// Returns when `tenant` is not active any more. A database that does not answer says nothing.
pub(super) async fn until_inactive(app: &App, tenant: TenantId) -> Error {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Ok(false) = app.store.is_tenant_active(tenant).await {
            return StoreError::TenantSuspended.into();
        }
    }
}
