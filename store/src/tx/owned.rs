//! Whose rows a table has.

use entity::tenant;
use sea_orm::EntityTrait;

/// A table whose rows belong to exactly one tenant.
///
/// The finders of the store take nothing else:
///
/// ```
/// fn rows_of_a_tenant<E: store::TenantOwned>() {}
/// rows_of_a_tenant::<entity::file::Entity>();
/// ```
/// ```compile_fail
/// fn rows_of_a_tenant<E: store::TenantOwned>() {}
/// rows_of_a_tenant::<entity::user::Entity>();
/// ```
pub trait TenantOwned: EntityTrait {
    /// The column that says whose row it is.
    const TENANT: Self::Column;
}

macro_rules! tenant_owned {
    ($($table:ident),+ $(,)?) => {$(
        impl TenantOwned for entity::$table::Entity {
            const TENANT: Self::Column = entity::$table::Column::TenantId;
        }
    )+

        #[cfg(feature = "testing")]
        impl super::Scope {
            /// How many rows of each table the finders find here, by the table's name.
            ///
            /// # Errors
            /// As the database says.
            pub async fn count_each(&self) -> Result<Vec<(&'static str, u64)>, crate::StoreError> {
                Ok(vec![
                    ("tenant", self.count::<tenant::Entity>().await?),
                    $((stringify!($table), self.count::<entity::$table::Entity>().await?)),+
                ])
            }
        }
    };
}

tenant_owned!(
    api_key,
    audit_checkpoint,
    audit_disclosure,
    audit_entry,
    audit_export,
    audit_head,
    audit_hold,
    audit_key,
    audit_outbox,
    audit_purge,
    audit_removal,
    audit_target,
    audit_tile,
    file,
    idempotency_key,
    invitation,
    job,
    member,
    quota_override,
    reservation,
    tenant_contact,
    upload,
    usage_counter,
    verification,
);

impl TenantOwned for tenant::Entity {
    const TENANT: Self::Column = tenant::Column::Id;
}
