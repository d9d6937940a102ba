//! One tenant's rows.

use chrono::{DateTime, Utc};
use entity::{TenantId, tenant};
use policy::TenantStatus;
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, Select};

use super::TenantOwned;
use crate::{
    Noun, StoreError,
    conn::{Conn, Wide},
};

/// What is asked of a tenant's status at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TenantCheck {
    /// It must be active.
    Active,
    /// Operators and housekeeping enter always.
    None,
}

/// Names the tenant to the database and reads its status, in one statement on Postgres: the first column is computed
/// first, and the second sees the tenant's row because of it.
pub(crate) async fn enter_tenant(
    conn: &Conn,
    tenant: TenantId,
    check: TenantCheck,
) -> Result<(), StoreError> {
    let statement = if conn.is_postgres() {
        conn.sql(
            "SELECT set_config('app.tenant_id', $1, true) AS setting, \
             (SELECT status FROM tenant WHERE id = $2) AS status",
            [tenant.uuid().to_string().into(), tenant.into()],
        )
    } else if check == TenantCheck::None {
        return Ok(());
    } else {
        conn.sql("SELECT status FROM tenant WHERE id = $1", [tenant.into()])
    };
    let status: Option<String> = match conn.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "status")?,
        None => None,
    };
    match check {
        TenantCheck::None => Ok(()),
        TenantCheck::Active if status.as_deref() == Some(TenantStatus::Active.as_str()) => Ok(()),
        TenantCheck::Active => Err(StoreError::TenantSuspended),
    }
}

/// A tenant's rows, and no others. What [`super::Tx`] and [`super::View`] have in common.
#[derive(Debug)]
pub struct Scope {
    conn: Conn,
    tenant: TenantId,
    now: DateTime<Utc>,
}

impl Scope {
    /// Enters the tenant: from now on the database shows no other's rows either.
    pub(crate) async fn enter(
        conn: Conn,
        tenant: TenantId,
        check: TenantCheck,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        enter_tenant(&conn, tenant, check).await?;
        Ok(Self { conn, tenant, now })
    }

    /// For work that is no single tenant's: the finders keep to `tenant`, the database shows all.
    pub(crate) fn of_every_tenant(conn: Wide, tenant: TenantId, now: DateTime<Utc>) -> Self {
        let conn = conn.into_conn();
        Self { conn, tenant, now }
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// When the transaction began, by the application's clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// How many rows the tenant has in a table.
    ///
    /// ```compile_fail
    /// # async fn f(scope: &store::tx::Scope) {
    /// scope.count::<entity::user::Entity>().await; // no tenant's table
    /// # }
    /// ```
    /// ```
    /// # async fn f(scope: &store::tx::Scope) {
    /// let files = scope.count::<entity::file::Entity>().await;
    /// # }
    /// ```
    ///
    /// # Errors
    /// As the database says.
    pub async fn count<E>(&self) -> Result<u64, StoreError>
    where
        E: TenantOwned,
        E::Model: Sync,
    {
        Ok(self.find::<E>().count(&self.conn).await?)
    }

    pub(crate) fn conn(&self) -> &Conn {
        &self.conn
    }

    pub(crate) fn into_conn(self) -> Conn {
        self.conn
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one unscoped find, scoped here"
    )]
    pub(crate) fn find<E: TenantOwned>(&self) -> Select<E> {
        #[cfg(feature = "testing")]
        if self.conn.is_unfiltered(E::default().table_name()) {
            return E::find();
        }
        E::find().filter(E::TENANT.eq(self.tenant))
    }

    /// The tenant's own record.
    ///
    /// # Errors
    /// As the database says.
    pub async fn tenant_record(&self) -> Result<tenant::Model, StoreError> {
        self.find::<tenant::Entity>()
            .one(&self.conn)
            .await?
            .ok_or(StoreError::NotFound(Noun::Tenant))
    }
}
