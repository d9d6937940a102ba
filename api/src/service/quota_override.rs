//! What operators change about a tenant's limits.

use entity::{TenantId, tenant};
use policy::{Action, QuotaMetric, Tier};
use store::{
    EventRef, Noun, Operator, idempotency::Earlier, quota::QuotaRow, tenant::contact::Contacts,
};

use super::{input, operator};
use crate::{app::App, error::Error};

/// Puts a tenant on another tier; its limits follow at once.
///
/// # Errors
/// [`crate::error::Code::NotFound`] on `tenantId`, [`crate::error::Code::Invalid`] on `reason`,
/// [`crate::error::Code::InvalidState`].
pub async fn change_tier(
    app: &App,
    operator: &Operator,
    tenant: &str,
    tier: Tier,
    reason: String,
) -> Result<(tenant::Model, Option<EventRef>), Error> {
    if let Some(earlier) = operator.earlier() {
        return operator::again(app, operator, Action::TenantTierChange, earlier).await;
    }
    let reason = input::required_reason(reason)?;
    let id: TenantId = input::id("tenantId", Noun::Tenant, tenant)?;
    let changed = app.store.change_tier(operator, id, tier, reason).await;
    let (tenant, receipt) = changed.map_err(input::not_found_on("tenantId"))?;
    Ok((tenant, receipt.event()))
}

/// Gives a tenant a limit of its own.
///
/// # Errors
/// [`crate::error::Code::NotFound`] on `tenantId`, [`crate::error::Code::Invalid`] on `limit` or `reason`,
/// [`crate::error::Code::InvalidState`].
pub async fn set(
    app: &App,
    operator: &Operator,
    tenant: &str,
    (metric, limit): (QuotaMetric, i64),
    reason: String,
) -> Result<(QuotaRow, Option<EventRef>), Error> {
    if let Some(earlier) = operator.earlier() {
        return again(app, operator, metric, earlier).await;
    }
    let reason = input::required_reason(reason)?;
    let id: TenantId = input::id("tenantId", Noun::Tenant, tenant)?;
    let set = app
        .store
        .set_quota_override(operator, id, metric, limit, reason);
    let (quota, receipt) = set.await.map_err(input::not_found_on("tenantId"))?;
    Ok((quota, receipt.event()))
}

/// Takes a tenant's own limit away.
///
/// # Errors
/// [`crate::error::Code::NotFound`] on `tenantId`, [`crate::error::Code::Invalid`] on `reason`,
/// [`crate::error::Code::InvalidState`].
pub async fn clear(
    app: &App,
    operator: &Operator,
    tenant: &str,
    metric: QuotaMetric,
    reason: Option<String>,
) -> Result<(QuotaRow, Option<EventRef>), Error> {
    if let Some(earlier) = operator.earlier() {
        return again(app, operator, metric, earlier).await;
    }
    let reason = input::reason(reason)?;
    let id: TenantId = input::id("tenantId", Noun::Tenant, tenant)?;
    let cleared = app.store.clear_quota_override(operator, id, metric, reason);
    let (quota, receipt) = cleared.await.map_err(input::not_found_on("tenantId"))?;
    Ok((quota, receipt.event()))
}

/// The limit that was changed the first time, as it is now.
async fn again(
    app: &App,
    operator: &Operator,
    metric: QuotaMetric,
    earlier: &Earlier,
) -> Result<(QuotaRow, Option<EventRef>), Error> {
    let quotas = quotas(app, operator, earlier.id()?).await?;
    let quota = quotas.into_iter().find(|quota| quota.metric == metric);
    let quota = quota.ok_or_else(|| Error::internal("a tenant without that metric"))?;
    Ok((quota, Some(earlier.event())))
}

/// Where a tenant stands with each metric.
///
/// # Errors
/// As the store says.
pub async fn quotas(
    app: &App,
    operator: &Operator,
    tenant: TenantId,
) -> Result<Vec<QuotaRow>, Error> {
    let view = app
        .store
        .view_operator(operator, Action::TenantList)
        .await?;
    Ok(view.quotas(&app.store, tenant).await?)
}

/// A tenant's contacts.
///
/// # Errors
/// As the store says.
pub async fn contacts(app: &App, operator: &Operator, tenant: TenantId) -> Result<Contacts, Error> {
    let view = app
        .store
        .view_operator(operator, Action::TenantList)
        .await?;
    Ok(view.contacts(tenant).await?)
}
