//! Tenants: created by an operator with their first owner, moved through their states by verbs ([`life`]), described
//! and set up by their own people ([`contact`], [`settings`]).

pub mod contact;
pub mod export;
pub mod life;
pub mod settings;

use entity::{MemberId, TenantId, Text, tenant};
use policy::{Action, QuotaMetric, Role, TenantStatus, Tier};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    ConflictCode, Noun, Operator, Receipt, Store, StoreError, Tx,
    bootstrap::Deployment,
    conn::insert,
    error::is_duplicate,
    event::{
        TenantCreated,
        class::{Personal, Public, Target},
    },
    log,
    operator::OperatorView,
    page::{Cursors, Page, PageRequest},
    tx::TenantCheck,
    user::NewUser,
};

/// A tenant to be made, with its first owner.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Unique short name.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Which quotas apply.
    pub tier: Tier,
    /// The first owner; an account with this address keeps its password.
    pub owner: NewUser,
}

/// A tenant that has been made.
#[derive(Debug, Clone)]
pub struct CreatedTenant {
    /// The tenant.
    pub tenant: tenant::Model,
    /// The owner's membership.
    pub owner: MemberId,
    /// What was recorded.
    pub receipt: Receipt,
}

/// Which tenants an operator wants to see.
#[derive(Debug, Clone, Default)]
pub struct TenantFilter {
    /// In this state.
    pub status: Option<TenantStatus>,
    /// On this tier.
    pub tier: Option<Tier>,
    /// Whose short name begins so.
    pub slug_prefix: Option<String>,
}

impl TenantFilter {
    fn fingerprint(&self) -> String {
        format!("tenants:{self:?}")
    }
}

/// A slug as it may stand in addresses.
///
/// # Errors
/// [`StoreError::Invalid`] on `slug`.
pub fn check_slug(slug: &str) -> Result<(), StoreError> {
    let letters = slug
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if letters && (2..=40).contains(&slug.len()) && !slug.starts_with('-') && !slug.ends_with('-') {
        Ok(())
    } else {
        Err(StoreError::invalid(
            "slug",
            "slug must be 2 to 40 of a-z, 0-9 and -, and neither begin nor end with -",
        ))
    }
}

impl Store {
    /// Makes a tenant with its owner, its counters and its log; pending until it is activated.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the slug is taken, [`StoreError::Invalid`].
    pub async fn create_tenant(
        &self,
        operator: &Operator,
        new: NewTenant,
    ) -> Result<CreatedTenant, StoreError> {
        let id = TenantId::generate();
        let deployment = self.deployment().await.map_err(StoreError::internal)?;
        let tx = self
            .begin_operator(operator, Action::TenantCreate, id)
            .await?;
        let (tenant, owner, event) = tx
            .insert_tenant(&deployment, new, TenantStatus::Pending)
            .await?;
        Ok(CreatedTenant {
            tenant,
            owner,
            receipt: tx.commit(event).await?,
        })
    }

    /// Whether work for `tenant` may go on: it is active, or the deployment itself.
    ///
    /// # Errors
    /// As the database says.
    pub async fn is_tenant_active(&self, tenant: TenantId) -> Result<bool, StoreError> {
        if tenant == TenantId::SYSTEM {
            return Ok(true);
        }
        let conn = self.database().begin_job_read().await?;
        match conn.enter(tenant, TenantCheck::Active).await {
            Ok(_) => Ok(true),
            Err(StoreError::TenantSuspended) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Tx {
    /// The tenant of this transaction, made with its log, its counters and its first owner; and the
    /// event that says so.
    pub(crate) async fn insert_tenant(
        &self,
        deployment: &Deployment,
        new: NewTenant,
        status: TenantStatus,
    ) -> Result<(tenant::Model, MemberId, TenantCreated), StoreError> {
        check_slug(&new.slug)?;
        let id = self.tenant();
        let row = tenant::Model {
            id,
            slug: new.slug.clone(),
            name: new.name,
            status: Text(status),
            status_reason: None,
            tier: Text(new.tier),
            period_anchor_at: self.now(),
            created_at: self.now(),
            version: 1,
            settings: "{}".to_owned(),
            settings_version: 1,
            deactivated_at: None,
            purge_after: None,
            exported_at: None,
        };
        insert(self.conn(), row.clone()).await.map_err(slug_taken)?;
        log::begin(
            self.conn(),
            self.store().master(),
            deployment,
            id,
            self.now(),
        )
        .await?;
        self.create_counters(new.tier).await?;
        let owner_email = new.owner.email.clone();
        let owner = self.insert_first_owner(new.owner).await?;
        let event = TenantCreated {
            tenant: Target(id),
            owner: Target(owner),
            tier: Public(new.tier.to_string()),
            slug: Personal(new.slug),
            owner_email: Personal(owner_email),
        };
        Ok((row, owner, event))
    }

    async fn insert_first_owner(&self, owner: NewUser) -> Result<MemberId, StoreError> {
        let user = self.ensure_user(owner).await?;
        let id = self.add_member(user, Role::Owner).await?;
        let seat = self.reserve(QuotaMetric::Users, 1, self.now()).await?;
        self.commit_reservation(seat, 1).await?;
        Ok(id)
    }
}

fn slug_taken(error: sea_orm::DbErr) -> StoreError {
    if is_duplicate(&error) {
        StoreError::conflict(
            ConflictCode::AlreadyExists,
            "a tenant with this slug exists; choose another",
        )
    } else {
        error.into()
    }
}

impl OperatorView {
    /// A page of tenants, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    #[expect(
        clippy::disallowed_methods,
        reason = "an operator sees every tenant's record"
    )]
    pub async fn list_tenants(
        &self,
        store: &Store,
        filter: &TenantFilter,
        page: &PageRequest,
    ) -> Result<Page<tenant::Model>, StoreError> {
        let mut query = tenant::Entity::find()
            .order_by_desc(tenant::Column::Id)
            .limit(page.probe());
        if let Some(status) = filter.status {
            query = query.filter(tenant::Column::Status.eq(Text(status)));
        }
        if let Some(tier) = filter.tier {
            query = query.filter(tenant::Column::Tier.eq(Text(tier)));
        }
        if let Some(prefix) = &filter.slug_prefix {
            check_slug(prefix.trim_end_matches('-')).map_err(|_| {
                StoreError::invalid(
                    "filter.slugPrefix",
                    "slugPrefix must be the start of a slug",
                )
            })?;
            query = query.filter(tenant::Column::Slug.starts_with(prefix));
        }
        if let Some(cursor) = page.after() {
            let fingerprint = filter.fingerprint();
            let position = Cursors::new(store, TenantId::SYSTEM, &fingerprint).decode(cursor)?;
            let id: TenantId = position.parse().map_err(StoreError::internal)?;
            query = query.filter(tenant::Column::Id.lt(id));
        }
        Ok(page.cut(query.all(self.scope.conn()).await?))
    }

    /// The cursor behind which the next page begins.
    #[must_use]
    pub fn tenant_cursor(store: &Store, filter: &TenantFilter, tenant: &tenant::Model) -> String {
        Cursors::new(store, TenantId::SYSTEM, &filter.fingerprint()).encode(&tenant.id.to_string())
    }

    /// One tenant's record.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    #[expect(
        clippy::disallowed_methods,
        reason = "an operator sees every tenant's record"
    )]
    pub async fn tenant(&self, id: TenantId) -> Result<tenant::Model, StoreError> {
        tenant::Entity::find_by_id(id)
            .one(self.scope.conn())
            .await?
            .ok_or(StoreError::NotFound(Noun::Tenant))
    }
}
