//! Transactions that are no single tenant's.

use std::ops::Deref;

use entity::TenantId;

use super::Conn;
use crate::{
    StoreError,
    tx::{TenantCheck, enter_tenant},
};

/// A transaction of the server itself: on Postgres it sees every tenant's rows until it enters one.
///
/// A request cannot have one: nothing makes it of a [`Conn`].
#[derive(Debug)]
pub(crate) struct Wide(pub(super) Conn);

impl Deref for Wide {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl Wide {
    /// Sees only that tenant's rows from now on.
    pub(crate) async fn enter(
        self,
        tenant: TenantId,
        check: TenantCheck,
    ) -> Result<Conn, StoreError> {
        enter_tenant(&self.0, tenant, check).await?;
        Ok(self.0)
    }

    /// As a connection like others, which goes on seeing every tenant's rows until it enters one.
    pub(crate) fn into_conn(self) -> Conn {
        self.0
    }
}
