//! A tenant as its own people see it.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::tenant;
use policy::Action;
use store::{StoreError, page::PageRequest, person::Membership, tenant::contact::Contacts};

use super::{
    api_key::{ApiKey, ApiKeyConnection},
    audit_chain::AuditChain,
    audit_entry::{self, AuditEntryConnection, AuditFilter},
    contact::Contact,
    context,
    file::{self, FileConnection, FileFilter},
    member::{Member, MemberConnection},
    quota::Quota,
    scalar::DateTime,
    settings::TenantSettings,
    word::{TenantStatus, Tier},
};
use crate::{
    error::{Error, Failure},
    request::Request,
    service,
};

/// The active tenant. Everything below it is read through the caller's own view, so a record of any
/// other tenant must never be put in here.
#[derive(Debug, Clone)]
pub struct Tenant {
    row: tenant::Model,
}

impl Tenant {
    pub(crate) fn new(row: tenant::Model) -> Self {
        Self { row }
    }
}

/// A customer organisation: the owner of everything else.
#[Object]
impl Tenant {
    /// `tnt_…` Needs any role; or any API key.
    pub(crate) async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// Unique short name. Needs any role; or any API key.
    async fn slug(&self) -> &str {
        &self.row.slug
    }

    /// Display name. Needs any role; or any API key.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Where it stands in its life. Needs any role; or any API key.
    async fn status(&self) -> TenantStatus {
        self.row.status.0.into()
    }

    /// The plan, which gives the default of every quota. Needs any role; or any API key.
    async fn tier(&self) -> Tier {
        self.row.tier.0.into()
    }

    /// When it was created. Needs any role; or any API key.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// Changes with the name and the contacts; to be given back as `expectedVersion`. Needs any role; or any API key.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Whom to write to. Needs role owner or admin; or scope settings:read.
    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>, Failure> {
        Ok(contacts(ctx).await?.general.map(Contact::from))
    }

    /// Whom to send invoices to. Needs role owner or admin; or scope settings:read.
    async fn billing_contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>, Failure> {
        Ok(contacts(ctx).await?.billing.map(Contact::from))
    }

    /// What its people have set. Needs any role; or scope settings:read.
    async fn settings(&self, ctx: &Context<'_>) -> Result<TenantSettings, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        snapshot.view(Action::SettingsRead)?;
        Ok(TenantSettings::of(&self.row)?)
    }

    /// The people in it, oldest membership first. Needs any role, signed in as a person; API keys cannot.
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> Result<MemberConnection, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::MemberList)?;
        let page = PageRequest::new(first.into(), after)?;
        let page = view.list_members(&page).await?;
        Ok(MemberConnection::new(page, |row| {
            (view.member_cursor(row.id), Member::from(row))
        }))
    }

    /// Its API keys, newest first, ended ones included. Needs role owner or admin, signed in as a person; API
    /// keys cannot.
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
    ) -> Result<ApiKeyConnection, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::ApiKeyList)?;
        let page = PageRequest::new(first.into(), after)?;
        let page = view.list_api_keys(&page).await?;
        Ok(ApiKeyConnection::new(page, |row| {
            (view.api_key_cursor(row.id), ApiKey::new(row))
        }))
    }

    /// Where it stands with each metric. Needs any role; or scope usage:read.
    async fn quotas(&self, ctx: &Context<'_>) -> Result<Vec<Quota>, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let rows = snapshot.view(Action::QuotaRead)?.quotas().await?;
        Ok(rows.into_iter().map(Quota::from).collect())
    }

    /// Its files, newest first; purged ones only when the filter asks for them. Needs any role; or
    /// scope files:read.
    async fn files(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
        #[graphql(desc = "Only files for which all of this holds.")] filter: Option<FileFilter>,
    ) -> Result<FileConnection, Failure> {
        file::list(context::request(ctx)?, first.into(), after, filter).await
    }

    /// Entries of its audit log, newest first. Needs role owner, admin or auditor; or scope
    /// audit:read.
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
        #[graphql(desc = "Only entries for which all of this holds.")] filter: Option<AuditFilter>,
    ) -> Result<AuditEntryConnection, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        let page = PageRequest::new(first.into(), after)?;
        Ok(audit_entry::list(&view, filter.unwrap_or_default(), &page).await?)
    }

    /// Where its audit log ends. Needs role owner, admin or auditor; or scope audit:read.
    async fn audit_chain(&self, ctx: &Context<'_>) -> Result<AuditChain, Failure> {
        let snapshot = context::request(ctx)?.snapshot().await?;
        let chain = snapshot.view(Action::AuditRead)?.audit_chain().await?;
        Ok(AuditChain::new(chain))
    }
}

async fn contacts(ctx: &Context<'_>) -> Result<Contacts, Failure> {
    let snapshot = context::request(ctx)?.snapshot().await?;
    Ok(snapshot.view(Action::ContactRead)?.contacts().await?)
}

/// What a person sees of each of the own tenants, whether or not it is the active one.
#[derive(Debug, Clone, SimpleObject)]
pub struct TenantSummary {
    /// `tnt_…`
    pub id: ID,
    /// Unique short name.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Where it stands in its life.
    pub status: TenantStatus,
}

impl From<Membership> for TenantSummary {
    fn from(row: Membership) -> Self {
        Self {
            id: ID(row.tenant_id.to_string()),
            slug: row.slug,
            name: row.tenant_name,
            status: row.status.0.into(),
        }
    }
}

impl From<tenant::Model> for TenantSummary {
    fn from(row: tenant::Model) -> Self {
        Self {
            id: ID(row.id.to_string()),
            slug: row.slug,
            name: row.name,
            status: row.status.0.into(),
        }
    }
}

/// The active tenant in short.
pub(super) async fn summary_of_active(request: &Request) -> Result<TenantSummary, Error> {
    let record = service::tenant::active(request).await?;
    let record = record.ok_or(StoreError::NotFound(store::Noun::Tenant))?;
    Ok(record.into())
}
