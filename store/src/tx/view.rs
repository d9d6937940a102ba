//! Reads, each permitted, all of one moment.

use std::ops::Deref;

use policy::Action;

use super::{Scope, Store};
use crate::{Actor, StoreError};

/// The one unchanging view a request reads through.
#[derive(Debug)]
pub struct Snapshot {
    scope: Scope,
    actor: Actor,
    store: Store,
}

impl Snapshot {
    pub(super) fn new(scope: Scope, actor: Actor, store: Store) -> Self {
        Self {
            scope,
            actor,
            store,
        }
    }

    /// Reads for `action`, if the actor may; a refusal is recorded.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`].
    pub fn view(&self, action: Action) -> Result<View<'_>, StoreError> {
        self.store.permit(&self.actor, action)?;
        Ok(View {
            scope: &self.scope,
            store: &self.store,
        })
    }

    /// Whose view it is.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// A permitted read.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    scope: &'a Scope,
    store: &'a Store,
}

impl<'a> View<'a> {
    /// For the store itself, which has looked at the right already or needs none.
    pub(crate) fn of(scope: &'a Scope, store: &'a Store) -> Self {
        Self { scope, store }
    }

    pub(crate) fn store(&self) -> &Store {
        self.store
    }
}

impl Deref for View<'_> {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        self.scope
    }
}
