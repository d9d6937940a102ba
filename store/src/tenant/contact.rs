//! Whom to write to about a tenant, and how the tenant is called.

mod check;

use entity::{TenantId, tenant, tenant_contact};
use policy::Action;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use check::checked;

use crate::{
    Actor, ConflictCode, Receipt, Store, StoreError, Tx, View,
    conn::{Conn, insert},
    event::{
        TenantUpdated,
        class::{Personal, Public, Target},
    },
    operator::OperatorView,
    tx::{TenantCheck, enter_tenant},
};

/// What a contact is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactKind {
    /// Everything else.
    General,
    /// Invoices.
    Billing,
}

impl ContactKind {
    /// The word in rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Billing => "billing",
        }
    }

    /// The field of the input.
    fn field(self) -> &'static str {
        match self {
            Self::General => "contact",
            Self::Billing => "billingContact",
        }
    }
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// What more it needs.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: String,
    /// State, province or canton.
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// A person or a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// How they are called.
    pub name: String,
    /// Where to write.
    pub email: String,
    /// Where to call.
    pub phone: Option<String>,
    /// The legal name of the organisation.
    pub company: Option<String>,
    /// The number it is taxed under.
    pub tax_number: Option<String>,
    /// Where letters go.
    pub address: Option<Address>,
}

/// Both contacts of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts {
    /// For everything but invoices.
    pub general: Option<Contact>,
    /// For invoices.
    pub billing: Option<Contact>,
}

/// What changes about a tenant; `None` leaves it as it is, `Some(None)` removes it.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    /// The version that was read.
    pub expected_version: i32,
    /// The display name.
    pub name: Option<String>,
    /// The general contact.
    pub contact: Option<Option<Contact>>,
    /// The contact for invoices.
    pub billing_contact: Option<Option<Contact>>,
}

/// A client has read another version than there is now.
pub(super) fn version_moved(present: i32) -> StoreError {
    StoreError::conflict(
        ConflictCode::VersionMismatch,
        format!("somebody else changed it meanwhile; read it again, its version is {present}"),
    )
}

impl Store {
    /// Changes the tenant's name or contacts.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] naming the field; [`StoreError::Conflict`] when another version is there.
    pub async fn update_tenant(
        &self,
        actor: &Actor,
        change: TenantChange,
    ) -> Result<(tenant::Model, Receipt), StoreError> {
        let contact = checked(ContactKind::General, change.contact)?;
        let billing = checked(ContactKind::Billing, change.billing_contact)?;
        let tx = self.begin(actor, Action::TenantUpdate).await?;
        let before = tx.lock_tenant().await?;
        if before.version != change.expected_version {
            return Err(version_moved(before.version));
        }
        let mut changed = Vec::new();
        let name = change.name.filter(|name| *name != before.name);
        changed.extend(name.as_ref().map(|_| "name"));
        for (kind, contact) in [
            (ContactKind::General, contact),
            (ContactKind::Billing, billing),
        ] {
            if let Some(contact) = contact {
                tx.put_contact(kind, contact).await?;
                changed.push(kind.field());
            }
        }
        let after = tenant::Model {
            name: name.clone().unwrap_or_else(|| before.name.clone()),
            version: before.version + 1,
            ..before
        };
        let statement = tx.conn().sql(
            "UPDATE tenant SET name = $1, version = $2 WHERE id = $3",
            [
                after.name.clone().into(),
                after.version.into(),
                after.id.into(),
            ],
        );
        tx.conn().execute_raw(statement).await?;
        let event = TenantUpdated {
            tenant: Target(after.id),
            changed: Public(changed),
            version: Public(after.version.into()),
            name: Personal(name),
        };
        let receipt = tx.commit(event).await?;
        Ok((after, receipt))
    }
}

impl Tx {
    async fn put_contact(
        &self,
        kind: ContactKind,
        contact: Option<Contact>,
    ) -> Result<(), StoreError> {
        let statement = self.conn().sql(
            "DELETE FROM tenant_contact WHERE tenant_id = $1 AND kind = $2",
            [self.tenant().into(), kind.as_str().into()],
        );
        self.conn().execute_raw(statement).await?;
        let Some(contact) = contact else {
            return Ok(());
        };
        let address = contact.address.as_ref();
        let of = |part: fn(&Address) -> Option<String>| address.and_then(part);
        let row = tenant_contact::Model {
            tenant_id: self.tenant(),
            kind: kind.as_str().to_owned(),
            name: contact.name,
            email: contact.email,
            phone: contact.phone,
            company: contact.company,
            tax_number: contact.tax_number,
            line1: of(|a| Some(a.line1.clone())),
            line2: of(|a| a.line2.clone()),
            postal_code: of(|a| a.postal_code.clone()),
            city: of(|a| Some(a.city.clone())),
            region: of(|a| a.region.clone()),
            country: of(|a| Some(a.country.clone())),
            updated_at: self.now(),
        };
        insert(self.conn(), row).await?;
        Ok(())
    }
}

impl View<'_> {
    /// The tenant's contacts.
    ///
    /// # Errors
    /// As the database says.
    pub async fn contacts(&self) -> Result<Contacts, StoreError> {
        read(self.conn(), self.tenant()).await
    }
}

impl OperatorView {
    /// A tenant's contacts.
    ///
    /// # Errors
    /// As the database says.
    pub async fn contacts(&self, tenant: TenantId) -> Result<Contacts, StoreError> {
        enter_tenant(self.scope.conn(), tenant, TenantCheck::None).await?;
        read(self.scope.conn(), tenant).await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "operators read contacts of every tenant; filtered here"
)]
async fn read(conn: &Conn, tenant: TenantId) -> Result<Contacts, StoreError> {
    let rows = tenant_contact::Entity::find()
        .filter(tenant_contact::Column::TenantId.eq(tenant))
        .all(conn)
        .await?;
    let mut contacts = Contacts::default();
    for row in rows {
        match row.kind.as_str() {
            "billing" => contacts.billing = Some(row.into()),
            _ => contacts.general = Some(row.into()),
        }
    }
    Ok(contacts)
}

impl From<tenant_contact::Model> for Contact {
    fn from(row: tenant_contact::Model) -> Self {
        let address = match (row.line1, row.city, row.country) {
            (Some(line1), Some(city), Some(country)) => Some(Address {
                line1,
                line2: row.line2,
                postal_code: row.postal_code,
                city,
                region: row.region,
                country,
            }),
            _ => None,
        };
        Self {
            name: row.name,
            email: row.email,
            phone: row.phone,
            company: row.company,
            tax_number: row.tax_number,
            address,
        }
    }
}
