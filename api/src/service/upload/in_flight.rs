//! How many uploads stream through this process at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Code, Error};

/// Each upload in flight takes up to three parts of memory, so there is a most.
#[derive(Debug, Clone)]
pub struct InFlight {
    places: Arc<Semaphore>,
}

impl InFlight {
    /// Room for `most` uploads.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most)),
        }
    }

    /// A place until the permit is dropped.
    ///
    /// # Errors
    /// [`Code::Overloaded`] when all are taken: waiting would only hide it.
    pub fn enter(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Error::with_message(
                Code::Overloaded,
                "too many uploads are in flight; try again in a moment",
            )
            .retry_after(2)
        })
    }
}
