//! A tenant's life: the steps of [`policy::TenantStep`], and its tier.
//!
//! Every change takes the lock on the tenant's row first, so that two of them never see half of each other.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{TenantId, Text, tenant};
use policy::{Action, TenantStatus, TenantStep, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use crate::{
    ConflictCode, Event, Noun, Operator, Receipt, Store, StoreError, Tx,
    event::{
        TenantActivated, TenantDeactivated, TenantRestored, TenantSuspended, TierChanged,
        class::{Personal, Public, Target},
    },
    revocation::Revoked,
};

/// A step that is wanted.
#[derive(Debug, Clone)]
pub struct NewStep {
    /// Which.
    pub step: TenantStep,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// How long a tenant is kept that is closed now; no other step asks.
    pub retention: Duration,
}

impl From<TenantStep> for NewStep {
    /// Without a reason, and closed tenants are not kept.
    fn from(step: TenantStep) -> Self {
        Self {
            step,
            reason: None,
            retention: Duration::ZERO,
        }
    }
}

/// What an operator does who takes the step.
#[must_use]
pub fn action(step: TenantStep) -> Action {
    match step {
        TenantStep::Activate => Action::TenantActivate,
        TenantStep::Suspend => Action::TenantSuspend,
        TenantStep::Restore => Action::TenantRestore,
        TenantStep::Deactivate => Action::TenantDeactivate,
    }
}

fn event(id: TenantId, new: NewStep, tenant: &tenant::Model) -> Event {
    let (target, reason) = (Target(id), Personal(new.reason));
    match new.step {
        TenantStep::Activate => TenantActivated {
            tenant: target,
            reason,
        }
        .into(),
        TenantStep::Suspend => TenantSuspended {
            tenant: target,
            reason,
        }
        .into(),
        TenantStep::Restore => TenantRestored {
            tenant: target,
            reason,
        }
        .into(),
        TenantStep::Deactivate => TenantDeactivated {
            tenant: target,
            purge_after: Public(tenant.purge_after.map(|at| at.to_rfc3339())),
            reason,
        }
        .into(),
    }
}

impl Store {
    /// Takes one step in a tenant's life. Its credentials feel it at once in this process, elsewhere as
    /// [`crate::revocation`] says.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::Conflict`] when the tenant is in another state, which it names.
    pub async fn step_tenant(
        &self,
        operator: &Operator,
        new: impl Into<NewStep>,
        id: TenantId,
    ) -> Result<(tenant::Model, Receipt), StoreError> {
        let new = new.into();
        let mut tx = self.begin_operator(operator, action(new.step), id).await?;
        let tenant = tx.step_tenant(&new).await?;
        tx.revoke(Revoked::Tenant(id)).await?;
        let receipt = tx.commit(event(id, new, &tenant)).await?;
        Ok((tenant, receipt))
    }

    /// Puts a tenant on another tier. Its limits change in the same transaction, except those it has of its own. A
    /// limit may end up below what is used: nothing is taken away then, and nothing new is accepted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it is on that tier already, or closed.
    pub async fn change_tier(
        &self,
        operator: &Operator,
        id: TenantId,
        tier: Tier,
        reason: String,
    ) -> Result<(tenant::Model, Receipt), StoreError> {
        let mut tx = self
            .begin_operator(operator, Action::TenantTierChange, id)
            .await?;
        let before = tx.lock_open_tenant().await?;
        if before.tier.0 == tier {
            let message = format!("the tenant is on the tier {tier} already");
            return Err(StoreError::conflict(ConflictCode::InvalidState, message));
        }
        let statement = tx.conn().sql(
            "UPDATE tenant SET tier = $1 WHERE id = $2",
            [tier.as_str().into(), id.into()],
        );
        tx.conn().execute_raw(statement).await?;
        tx.apply_tier_limits(tier).await?;
        let event = TierChanged {
            tenant: Target(id),
            before: Public(before.tier.0.as_str()),
            after: Public(tier.as_str()),
            reason: Personal(reason),
        };
        tx.revoke(Revoked::Tenant(id)).await?;
        let receipt = tx.commit(event).await?;
        let after = tenant::Model {
            tier: Text(tier),
            ..before
        };
        Ok((after, receipt))
    }
}

impl Tx {
    async fn step_tenant(&self, new: &NewStep) -> Result<tenant::Model, StoreError> {
        let (from, to) = new.step.ends();
        let closed: Option<(DateTime<Utc>, DateTime<Utc>)> = match to {
            TenantStatus::Deactivated => {
                let kept = TimeDelta::from_std(new.retention).map_err(StoreError::internal)?;
                Some((self.now(), self.now() + kept))
            }
            _ => None,
        };
        let values: [Value; 6] = [
            to.as_str().into(),
            new.reason.clone().into(),
            closed.map(|(at, _)| at).into(),
            closed.map(|(_, until)| until).into(),
            self.tenant().into(),
            from.as_str().into(),
        ];
        let statement = self.conn().sql(
            "UPDATE tenant SET status = $1, status_reason = $2, deactivated_at = $3, \
             purge_after = $4 WHERE id = $5 AND status = $6 RETURNING *",
            values,
        );
        let stepped = tenant::Model::find_by_statement(statement);
        if let Some(tenant) = stepped.one(self.conn()).await? {
            return Ok(tenant);
        }
        let present = self.tenant_record().await?.status.0;
        Err(StoreError::conflict(
            ConflictCode::InvalidState,
            format!(
                "the tenant is {present}; to {} takes one that is {from}",
                new.step
            ),
        ))
    }

    /// The tenant's row, locked until the end of the transaction; one that is closed for good is refused.
    pub(crate) async fn lock_open_tenant(&self) -> Result<tenant::Model, StoreError> {
        let tenant = self.lock_tenant().await?;
        if tenant.status.0 == TenantStatus::Deactivated {
            return Err(StoreError::conflict(
                ConflictCode::InvalidState,
                "the tenant is deactivated; nothing about it changes any more",
            ));
        }
        Ok(tenant)
    }

    /// The tenant's row, locked until the end of the transaction.
    pub(crate) async fn lock_tenant(&self) -> Result<tenant::Model, StoreError> {
        let lock = match self.conn().is_postgres() {
            true => " FOR UPDATE",
            // One writer anyway.
            false => "",
        };
        let statement = self.conn().sql(
            &format!("SELECT * FROM tenant WHERE id = $1{lock}"),
            [self.tenant().into()],
        );
        let found = tenant::Model::find_by_statement(statement);
        let found = found.one(self.conn()).await?;
        found.ok_or(StoreError::NotFound(Noun::Tenant))
    }
}
