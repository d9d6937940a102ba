//! The operators' schema: tenants from outside, never what is in them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::tenant;
use policy::TenantStep;
use secrecy::ExposeSecret;
use store::{page::PageRequest, tenant::contact::Contacts};

use super::{
    audit_chain::ChainEnd,
    contact::Contact,
    context,
    page::connection,
    payload::payload,
    principal::Principal,
    quota::Quota,
    scalar::DateTime,
    secret::Secret,
    word::{TenantStatus, Tier},
};
use crate::{
    error::{Error, Failure},
    service::{
        input,
        operator::{self, TenantWish},
        quota_override,
    },
};

/// A tenant as operators see it.
#[derive(Debug, Clone)]
pub struct OperatedTenant {
    pub(super) row: tenant::Model,
}

/// A customer organisation.
#[Object(name = "Tenant")]
impl OperatedTenant {
    /// `tnt_…` Needs an operator.
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// Unique short name. Needs an operator.
    async fn slug(&self) -> &str {
        &self.row.slug
    }

    /// Display name. Needs an operator.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Where it stands in its life. Needs an operator.
    async fn status(&self) -> TenantStatus {
        self.row.status.0.into()
    }

    /// Why it stands there, as an operator gave it. Needs an operator.
    async fn status_reason(&self) -> Option<&str> {
        self.row.status_reason.as_deref()
    }

    /// The plan, which gives the default of every quota. Needs an operator.
    async fn tier(&self) -> Tier {
        self.row.tier.0.into()
    }

    /// When it was created. Needs an operator.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// When it was deactivated; null before. Needs an operator.
    async fn deactivated_at(&self) -> Option<DateTime> {
        self.row.deactivated_at.map(DateTime::from)
    }

    /// From when on `strongroom tenant purge` may take it away; null before it is deactivated. Needs an operator.
    async fn purge_after(&self) -> Option<DateTime> {
        self.row.purge_after.map(DateTime::from)
    }

    /// When `strongroom tenant export` last wrote down everything it has; null if it never did. Needs an operator.
    async fn exported_at(&self) -> Option<DateTime> {
        self.row.exported_at.map(DateTime::from)
    }

    /// Where it stands with each metric. Needs an operator.
    async fn quotas(&self, ctx: &Context<'_>) -> Result<Vec<Quota>, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let rows = quota_override::quotas(&request.app, by, self.row.id).await?;
        Ok(rows.into_iter().map(Quota::from).collect())
    }

    /// Whom to write to. Needs an operator.
    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>, Failure> {
        Ok(self.contacts(ctx).await?.general.map(Contact::from))
    }

    /// Whom to send invoices to. Needs an operator.
    async fn billing_contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>, Failure> {
        Ok(self.contacts(ctx).await?.billing.map(Contact::from))
    }
}

impl OperatedTenant {
    async fn contacts(&self, ctx: &Context<'_>) -> Result<Contacts, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        Ok(quota_override::contacts(&request.app, by, self.row.id).await?)
    }
}

connection!(TenantConnection, TenantEdge, OperatedTenant, "tenants");

/// Which tenants to list; everything that is given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct TenantFilter {
    /// In this state.
    status: Option<TenantStatus>,
    /// On this plan.
    tier: Option<Tier>,
    /// Whose short name begins so.
    slug_prefix: Option<String>,
}

impl From<TenantFilter> for store::tenant::TenantFilter {
    fn from(filter: TenantFilter) -> Self {
        Self {
            status: filter.status.map(Into::into),
            tier: filter.tier.map(Into::into),
            slug_prefix: filter.slug_prefix,
        }
    }
}

/// The operator who asks.
#[derive(Debug, Clone, Copy)]
pub struct OperatorViewer {
    id: entity::OperatorId,
}

/// The operator who asks.
#[Object]
impl OperatorViewer {
    /// Who it is. Needs an operator.
    async fn principal(&self) -> Principal {
        store::Principal::Operator(self.id).into()
    }
}

/// The root of every query of operators.
#[derive(Debug, Default, Clone, Copy)]
pub struct OperatorQuery;

/// The root of every query.
#[Object(name = "Query")]
impl OperatorQuery {
    /// The operator who asks. Needs an operator.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<OperatorViewer, Failure> {
        let operator = context::request(ctx)?.caller.operator()?;
        Ok(OperatorViewer { id: operator.id() })
    }

    /// Every tenant, newest first. Needs an operator.
    async fn tenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "The cursor behind which the page begins.")] after: Option<String>,
        #[graphql(desc = "Only tenants for which all of this holds.")] filter: Option<TenantFilter>,
    ) -> Result<TenantConnection, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let page = PageRequest::new(first.into(), after)?;
        let filter = filter.unwrap_or_default().into();
        let page = operator::list_tenants(&request.app, by, &filter, &page).await?;
        Ok(TenantConnection::new(page, |(cursor, row)| {
            (cursor, OperatedTenant { row })
        }))
    }

    /// One tenant; null for an id that leads nowhere. Needs an operator.
    async fn tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`tnt_…`")] id: ID,
    ) -> Result<Option<OperatedTenant>, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let found = operator::find_tenant(&request.app, by, &id).await?;
        Ok(found.map(|row| OperatedTenant { row }))
    }

    /// Where the log of the service itself ends. Needs an operator.
    async fn system_chain(&self, ctx: &Context<'_>) -> Result<ChainEnd, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let chain = operator::system_chain(&request.app, by).await?;
        Ok(ChainEnd::new(chain))
    }
}

payload! {
    /// The session that began.
    OperatorLoginPayload, OperatorLoginUserError, OperatorLoginErrorCode {
        /// For the `Authorization` header; good for 12 hours, and for 30 minutes without use.
        token: String,
    } refuses { InvalidCredentials }
}

payload! {
    /// The session that ended.
    OperatorLogoutPayload, OperatorLogoutUserError, OperatorLogoutErrorCode {
    } refuses { InvalidState }
}

payload! {
    /// The tenant that was made.
    TenantCreatePayload, TenantCreateUserError, TenantCreateErrorCode {
        /// The tenant, pending until `tenantActivate`.
        tenant: OperatedTenant,
    } refuses { Invalid, AlreadyExists }
}

payload! {
    /// The tenant that was activated.
    TenantActivatePayload, TenantActivateUserError, TenantActivateErrorCode {
        /// The tenant.
        tenant: OperatedTenant,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The tenant that was suspended.
    TenantSuspendPayload, TenantSuspendUserError, TenantSuspendErrorCode {
        /// The tenant.
        tenant: OperatedTenant,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The tenant that was restored.
    TenantRestorePayload, TenantRestoreUserError, TenantRestoreErrorCode {
        /// The tenant.
        tenant: OperatedTenant,
    } refuses { NotFound, Invalid, InvalidState }
}

payload! {
    /// The key that came into use.
    AuditKeyRotatePayload, AuditKeyRotateUserError, AuditKeyRotateErrorCode {
        /// The key.
        key: AuditKey,
    } refuses { NotFound, InvalidState }
}

/// A signing key of a log.
#[derive(Debug, SimpleObject)]
pub struct AuditKey {
    /// Its number; the log's first key has 1.
    number: i32,
    /// The log's name and the Ed25519 key, as signed notes write it.
    public_key: String,
    /// The number of the key that it replaces when the overlap is over; until then both sign.
    retires: i32,
}

/// Who signs in.
#[derive(Debug, InputObject)]
pub struct OperatorLoginInput {
    /// The e-mail address.
    email: String,
    /// The password.
    password: Secret,
}

/// The tenant to be, and its first owner.
#[derive(Debug, InputObject)]
pub struct TenantCreateInput {
    /// Unique short name: 2 to 40 of a-z, 0-9 and `-`.
    slug: String,
    /// Display name; 1 to 200 characters.
    name: String,
    /// The plan.
    tier: Tier,
    /// The first owner's e-mail address.
    owner_email: String,
    /// The first owner's password, 12 characters to 1 024 bytes; an account that exists keeps its own.
    owner_password: Secret,
    /// The first owner's name; the address if it is not given.
    owner_name: Option<String>,
}

/// Which tenant to move.
#[derive(Debug, InputObject)]
pub struct TenantActivateInput {
    /// `tnt_…`
    tenant_id: ID,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// Which tenant to suspend.
#[derive(Debug, InputObject)]
pub struct TenantSuspendInput {
    /// `tnt_…`
    tenant_id: ID,
    /// Why, for the audit log and other operators; 1 to 1 000 characters.
    reason: String,
}

/// Which tenant to restore.
#[derive(Debug, InputObject)]
pub struct TenantRestoreInput {
    /// `tnt_…`
    tenant_id: ID,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// Whose log gets a new key.
#[derive(Debug, InputObject)]
pub struct AuditKeyRotateInput {
    /// `tnt_…`; the log of the service itself when it is not given.
    tenant_id: Option<ID>,
}

/// Sessions of operators, and tenants that come and are kept out.
#[derive(Debug, Default, Clone, Copy)]
pub struct OperatorMutation;

/// Sessions of operators, and tenants that come and are kept out.
#[Object]
impl OperatorMutation {
    /// Begins an operator's session. Needs no credential.
    async fn operator_login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: OperatorLoginInput,
    ) -> Result<OperatorLoginPayload, Failure> {
        let request = context::request(ctx)?;
        let session = operator::login(
            &request.app,
            &input.email,
            &input.password,
            &request.context,
        )
        .await;
        let session = request.noting_wrong_password(session);
        OperatorLoginPayload::of(session.map(|session| {
            let event = session.receipt.event();
            OperatorLoginPayload::done(session.token.expose_secret().to_owned(), event)
        }))
    }

    /// Ends the operator's session. Needs an operator.
    async fn operator_logout(&self, ctx: &Context<'_>) -> Result<OperatorLogoutPayload, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let ended = operator::logout(&request.app, by).await;
        OperatorLogoutPayload::of(ended.map(OperatorLogoutPayload::done))
    }

    /// Makes a tenant with its first owner; pending until `tenantActivate`. Needs an operator.
    async fn tenant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant to be.")] input: TenantCreateInput,
    ) -> Result<TenantCreatePayload, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let wish = TenantWish {
            slug: input.slug,
            name: input.name,
            tier: input.tier.into(),
            owner_email: input.owner_email,
            owner_password: input.owner_password.into(),
            owner_name: input.owner_name,
        };
        let created = operator::create_tenant(&request.app, by, wish).await;
        TenantCreatePayload::of(
            created.map(|(row, event)| TenantCreatePayload::done(OperatedTenant { row }, event)),
        )
    }

    /// Opens a pending tenant. Needs an operator.
    async fn tenant_activate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: TenantActivateInput,
    ) -> Result<TenantActivatePayload, Failure> {
        let stepped = step(ctx, TenantStep::Activate, &input.tenant_id, input.reason).await;
        TenantActivatePayload::of(
            stepped.map(|(tenant, event)| TenantActivatePayload::done(tenant, event)),
        )
    }

    /// Refuses an active tenant everywhere until it is restored; at once in this replica. Needs an
    /// operator.
    async fn tenant_suspend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: TenantSuspendInput,
    ) -> Result<TenantSuspendPayload, Failure> {
        let stepped = match input::required_reason(input.reason) {
            Ok(reason) => step(ctx, TenantStep::Suspend, &input.tenant_id, Some(reason)).await,
            Err(error) => Err(error),
        };
        TenantSuspendPayload::of(
            stepped.map(|(tenant, event)| TenantSuspendPayload::done(tenant, event)),
        )
    }

    /// Gives a log a new signing key beside its present one, which is destroyed when the overlap is over.
    /// Needs an operator.
    async fn audit_key_rotate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which log.")] input: AuditKeyRotateInput,
    ) -> Result<AuditKeyRotatePayload, Failure> {
        let request = context::request(ctx)?;
        let by = request.caller.operator()?;
        let tenant = input.tenant_id.as_deref().map(String::as_str);
        let rotated = operator::rotate_log_key(&request.app, by, tenant).await;
        AuditKeyRotatePayload::of(rotated.map(|rotated| {
            let event = rotated.receipt.event();
            let key = AuditKey {
                number: rotated.key_no,
                public_key: rotated.vkey,
                retires: rotated.retires,
            };
            AuditKeyRotatePayload::done(key, event)
        }))
    }

    /// Opens a suspended tenant again. Needs an operator.
    async fn tenant_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tenant.")] input: TenantRestoreInput,
    ) -> Result<TenantRestorePayload, Failure> {
        let stepped = step(ctx, TenantStep::Restore, &input.tenant_id, input.reason).await;
        TenantRestorePayload::of(
            stepped.map(|(tenant, event)| TenantRestorePayload::done(tenant, event)),
        )
    }
}

pub(super) async fn step(
    ctx: &Context<'_>,
    step: TenantStep,
    tenant: &str,
    reason: Option<String>,
) -> Result<(OperatedTenant, Option<store::EventRef>), Error> {
    let request = context::request(ctx)?;
    let by = request.caller.operator()?;
    let stepped = operator::step_tenant(&request.app, by, step, tenant, reason).await?;
    let (row, event) = stepped;
    Ok((OperatedTenant { row }, event))
}
