//! What operators do to a tenant besides letting it in: its end, its tier, limits of its own.

use async_graphql::{Context, ID, InputObject, Object};
use policy::TenantStep;

use super::{
    context,
    operator::{OperatedTenant, step},
    payload::payload,
    quota::Quota,
    scalar::BigInt,
    word::{QuotaMetric, Tier},
};
use crate::{
    error::Failure,
    service::{input, quota_override},
};

payload! {
    /// The tenant that was closed.
    TenantDeactivatePayload, TenantDeactivateUserError, TenantDeactivateErrorCode {
        /// The tenant; `purgeAfter` says how long it is kept.
        tenant: OperatedTenant,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The tenant that is on another tier.
    TenantTierChangePayload, TenantTierChangeUserError, TenantTierChangeErrorCode {
        /// The tenant; its `quotas` have the limits of the tier.
        tenant: OperatedTenant,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The limit that was set.
    QuotaOverrideSetPayload, QuotaOverrideSetUserError, QuotaOverrideSetErrorCode {
        /// Where the tenant stands now; nothing is `available` when the limit is below what is used.
        quota: Quota,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The limit that was taken away.
    QuotaOverrideClearPayload, QuotaOverrideClearUserError, QuotaOverrideClearErrorCode {
        /// Where the tenant stands now, with the limit of its tier.
        quota: Quota,
    } refuses { NotFound, Invalid, InvalidState }
}

/// Which tenant to close.
#[derive(Debug, InputObject)]
pub struct TenantDeactivateInput {
    /// `tnt_…`; it must be suspended.
    tenant_id: ID,
    /// Why, for the audit log and other operators; 1 to 1 000 characters.
    reason: String,
}

/// Which tenant gets which tier.
#[derive(Debug, InputObject)]
pub struct TenantTierChangeInput {
    /// `tnt_…`
    tenant_id: ID,
    /// The tier to be.
    tier: Tier,
    /// Why, for the audit log; 1 to 1 000 characters.
    reason: String,
}

/// Which tenant gets which limit.
#[derive(Debug, InputObject)]
pub struct QuotaOverrideSetInput {
    /// `tnt_…`
    tenant_id: ID,
    /// What is limited.
    metric: QuotaMetric,
    /// The most there may be, zero or more: bytes for `STORAGE_BYTES`, calls, tokens or people otherwise.
    limit: BigInt,
    /// Why, for the audit log; 1 to 1 000 characters.
    reason: String,
}

/// Which tenant gets the limit of its tier back.
#[derive(Debug, InputObject)]
pub struct QuotaOverrideClearInput {
    /// `tnt_…`
    tenant_id: ID,
    /// What is limited.
    metric: QuotaMetric,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// What operators do to a tenant besides letting it in.
#[derive(Debug, Default, Clone, Copy)]
pub struct OperatorTenantMutation;

/// What operators do to a tenant besides letting it in.
#[Object]
impl OperatorTenantMutation {
    /// Closes a suspended tenant for good: nothing opens it again, and `strongroom tenant purge` may take it away when
    /// its retention (`STRONGROOM_TENANT_RETENTION`) is over. Needs an operator.
    async fn tenant_deactivate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: TenantDeactivateInput,
    ) -> Result<TenantDeactivatePayload, Failure> {
        let closing = TenantStep::Deactivate;
        let stepped = match input::required_reason(input.reason) {
            Ok(reason) => step(ctx, closing, &input.tenant_id, Some(reason)).await,
            Err(error) => Err(error),
        };
        TenantDeactivatePayload::of(
            stepped.map(|(tenant, event)| TenantDeactivatePayload::done(tenant, event)),
        )
    }

    /// Puts a tenant on another tier; its limits change at once, except those it has of its own. A limit below what is
    /// used takes nothing away: nothing new is accepted until less is used. Needs an operator.
    async fn tenant_tier_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant, and which tier.")] input: TenantTierChangeInput,
    ) -> Result<TenantTierChangePayload, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let (id, tier) = (&input.tenant_id, input.tier.into());
        let changed = quota_override::change_tier(&request.app, by, id, tier, input.reason).await;
        TenantTierChangePayload::of(
            changed
                .map(|(row, event)| TenantTierChangePayload::done(OperatedTenant { row }, event)),
        )
    }

    /// Gives a tenant a limit of its own, at once and until it is cleared, whatever its tier. A limit below what is
    /// used takes nothing away: nothing new is accepted until less is used. Needs an operator.
    async fn quota_override_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant, and which limit.")] input: QuotaOverrideSetInput,
    ) -> Result<QuotaOverrideSetPayload, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let limit = (input.metric.into(), input.limit.0);
        let set = quota_override::set(&request.app, by, &input.tenant_id, limit, input.reason);
        QuotaOverrideSetPayload::of(
            set.await
                .map(|(row, event)| QuotaOverrideSetPayload::done(row.into(), event)),
        )
    }

    /// Takes a tenant's own limit away; that of its tier holds again at once. Needs an operator.
    async fn quota_override_clear(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant, and which limit.")] input: QuotaOverrideClearInput,
    ) -> Result<QuotaOverrideClearPayload, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let metric = input.metric.into();
        let cleared =
            quota_override::clear(&request.app, by, &input.tenant_id, metric, input.reason);
        QuotaOverrideClearPayload::of(
            cleared
                .await
                .map(|(row, event)| QuotaOverrideClearPayload::done(row.into(), event)),
        )
    }
}
