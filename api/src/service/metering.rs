//! What a tenant may still ask for: its tier, and its API calls counted in this process.
//!
//! Calls are counted in memory and written by [`Metering::flush`]; what is written is read again at
//! most every half second. So with several processes a tenant may go over its limit by what they
//! count in that time, and a crash loses what was not written: nothing is billed by it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use entity::TenantId;
use moka::future::Cache;
use policy::{Action, QuotaMetric, Tier};
use store::{
    Actor, Store, StoreError,
    quota::{ApiCallBalance, ApiCalls},
};

use crate::error::{Code, Error};

/// How old what is known of a tenant may be. Also bounds how long a suspension goes unnoticed by
/// requests that read nothing.
const FRESH: Duration = Duration::from_millis(500);
const TENANTS: u64 = 100_000;

/// Where an active tenant stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Its plan.
    pub tier: Tier,
    /// Its API calls, without those this process has not written yet.
    pub calls: ApiCallBalance,
}

/// Calls by tenant and start of the period they fell in.
type Counts = HashMap<(TenantId, DateTime<Utc>), i64>;

/// Standings and counts of one process.
#[derive(Debug)]
pub struct Metering {
    store: Store,
    /// Only of active tenants: one that is activated is open at once.
    standings: Cache<TenantId, Standing>,
    pending: Mutex<Counts>,
}

impl Metering {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            standings: Cache::builder()
                .max_capacity(TENANTS)
                .time_to_live(FRESH)
                .build(),
            pending: Mutex::default(),
        }
    }

    /// Where the actor's tenant stands.
    ///
    /// # Errors
    /// [`Code::TenantSuspended`], or as the database says.
    pub async fn standing(&self, actor: &Actor) -> Result<Standing, Error> {
        self.standings
            .try_get_with(actor.tenant(), self.load(actor))
            .await
            .map_err(|error| shared(&error))
    }

    /// Looks at the tenant anew, whatever is known of it.
    pub async fn forget(&self, tenant: TenantId) {
        self.standings.invalidate(&tenant).await;
    }

    async fn load(&self, actor: &Actor) -> Result<Standing, StoreError> {
        let snapshot = self.store.snapshot(actor).await?;
        let tenant = snapshot.view(Action::TenantRead)?.tenant_record().await?;
        drop(snapshot);
        Ok(Standing {
            tier: tenant.tier.0,
            calls: self.store.api_call_balance(actor.tenant()).await?,
        })
    }

    /// Counts one call of a key.
    ///
    /// # Errors
    /// [`Code::QuotaExceeded`] when none is left; a call that is refused is not counted.
    pub fn count(&self, tenant: TenantId, standing: &Standing) -> Result<(), Error> {
        let calls = &standing.calls;
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let count = pending.entry((tenant, calls.period_start)).or_default();
        if calls.used.saturating_add(*count) >= calls.limit {
            return Err(exhausted(calls));
        }
        *count += 1;
        Ok(())
    }

    /// Writes what was counted. On an error it stays counted for the next time.
    ///
    /// # Errors
    /// As the database says.
    pub async fn flush(&self) -> Result<usize, StoreError> {
        let counted = self.take();
        if counted.is_empty() {
            return Ok(0);
        }
        if let Err(error) = self.store.add_api_calls(&counted).await {
            self.put_back(&counted);
            return Err(error);
        }
        // What was known does not include what has just been written.
        for calls in &counted {
            self.standings.invalidate(&calls.tenant).await;
        }
        Ok(counted.len())
    }

    fn take(&self) -> Vec<ApiCalls> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending
            .drain()
            .filter(|(_, calls)| *calls > 0)
            .map(|((tenant, period_start), calls)| ApiCalls {
                tenant,
                period_start,
                calls,
            })
            .collect()
    }

    fn put_back(&self, counted: &[ApiCalls]) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for calls in counted {
            *pending
                .entry((calls.tenant, calls.period_start))
                .or_default() += calls.calls;
        }
    }
}

fn exhausted(calls: &ApiCallBalance) -> Error {
    let message = format!(
        "{} is over its limit of {}: 0 left until {}",
        QuotaMetric::ApiCalls,
        calls.limit,
        calls.period_end.format("%Y-%m-%dT%H:%M:%SZ"),
    );
    Error::with_message(Code::QuotaExceeded, message)
}

/// Several requests wait for one look-up, and an error can be owned by only one of them.
fn shared(error: &StoreError) -> Error {
    match error {
        StoreError::TenantSuspended => StoreError::TenantSuspended.into(),
        StoreError::Overloaded => StoreError::Overloaded.into(),
        StoreError::Unavailable(cause) => Error::new(Code::Unavailable)
            .because(cause.to_string())
            .retry_after(5),
        other => Error::internal(format!("{other:?}")),
    }
}
