//! How many requests of one tenant run at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::id::TenantId;

use super::Decision;

type Counts = Arc<Mutex<HashMap<TenantId, u32>>>;

/// A running request of a tenant; dropping it makes room for another.
#[derive(Debug)]
#[must_use = "dropping it makes room at once"]
pub struct InFlight {
    tenant: TenantId,
    counts: Counts,
}

/// Where requests run. Tenants without a running request take no memory.
#[derive(Debug)]
pub(super) struct Floor {
    max: u32,
    counts: Counts,
}

impl Floor {
    pub(super) fn new(max: u32) -> Self {
        Self {
            max: max.max(1),
            counts: Counts::default(),
        }
    }

    pub(super) fn enter(&self, tenant: TenantId) -> Result<InFlight, Decision> {
        let mut counts = open(&self.counts);
        let count = counts.entry(tenant).or_default();
        if *count >= self.max {
            return Err(self.refusal());
        }
        *count += 1;
        Ok(InFlight {
            tenant,
            counts: Arc::clone(&self.counts),
        })
    }

    #[cfg(test)]
    pub(super) fn tenants(&self) -> usize {
        open(&self.counts).len()
    }

    /// Nobody knows when a request ends; a second is a polite guess.
    const fn refusal(&self) -> Decision {
        Decision {
            allowed: false,
            policy: "concurrency",
            quota: self.max,
            window_seconds: 1,
            remaining: 0,
            reset_seconds: 1,
            retry_after_seconds: 1,
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counts = open(&self.counts);
        if let Some(count) = counts.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.tenant);
            }
        }
    }
}

fn open(counts: &Counts) -> MutexGuard<'_, HashMap<TenantId, u32>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
