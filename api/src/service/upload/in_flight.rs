//! How many uploads stream through this process at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Code, Error};

/// A tenant takes at most one in so many places, so that others find one.
const SHARES: usize = 4;

/// Each upload in flight takes up to three parts of memory, so there is a most.
#[derive(Debug, Clone)]
pub struct InFlight {
    places: Arc<Semaphore>,
    share: usize,
    /// Tenants without an upload take no memory.
    taken: Arc<Mutex<HashMap<TenantId, usize>>>,
}

/// An upload's place; dropping it makes room for another.
#[derive(Debug)]
#[must_use = "dropping it makes room at once"]
pub struct Berth {
    tenant: TenantId,
    taken: Arc<Mutex<HashMap<TenantId, usize>>>,
    _place: OwnedSemaphorePermit,
}

impl InFlight {
    /// Room for `most` uploads, a quarter of it (rounded up) for any one tenant.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most)),
            share: most.div_ceil(SHARES),
            taken: Arc::default(),
        }
    }

    /// A place for an upload of `tenant`. Waiting for one would only hide that there is none.
    ///
    /// # Errors
    /// [`Code::RateLimited`] when the tenant has its share; [`Code::Overloaded`] when all are taken.
    pub fn enter(&self, tenant: TenantId) -> Result<Berth, Error> {
        let mut taken = open(&self.taken);
        let own = taken.get(&tenant).copied().unwrap_or_default();
        if own >= self.share {
            return Err(self.share_taken());
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| all_taken())?;
        taken.insert(tenant, own + 1);
        Ok(Berth {
            tenant,
            taken: Arc::clone(&self.taken),
            _place: place,
        })
    }

    fn share_taken(&self) -> Error {
        let message = format!(
            "the tenant has {} uploads in flight here, which is its share; send this one when another has ended",
            self.share
        );
        Error::with_message(Code::RateLimited, message).retry_after(2)
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        let mut taken = open(&self.taken);
        if let Some(own) = taken.get_mut(&self.tenant) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

fn all_taken() -> Error {
    let message = "too many uploads are in flight; try again in a moment";
    Error::with_message(Code::Overloaded, message).retry_after(2)
}

fn open(taken: &Mutex<HashMap<TenantId, usize>>) -> MutexGuard<'_, HashMap<TenantId, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_takes_no_more_than_its_share_and_gives_it_back() {
        let (room, greedy) = (InFlight::new(8), TenantId::generate());
        let first = room.enter(greedy).unwrap();
        let _second = room.enter(greedy).unwrap();
        assert_eq!(room.enter(greedy).unwrap_err().code(), Code::RateLimited);
        assert!(room.enter(TenantId::generate()).is_ok());
        drop(first);
        assert!(room.enter(greedy).is_ok());
    }

    #[test]
    fn nobody_gets_in_when_every_place_is_taken() {
        let room = InFlight::new(2);
        let _berths = [(); 2].map(|()| room.enter(TenantId::generate()).unwrap());
        let late = room.enter(TenantId::generate()).unwrap_err();
        assert_eq!(late.code(), Code::Overloaded);
    }

    #[test]
    fn a_tenant_without_uploads_takes_no_memory() {
        let room = InFlight::new(8);
        drop(room.enter(TenantId::generate()));
        assert!(open(&room.taken).is_empty());
    }
}
