//! Taking the first wall away, to see that the second one stands by itself.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// In builds for tests: names the tables, separated by commas, whose finders in this process forget the tenant's condition; `*` for all.
const VARIABLE: &str = "TEST_WITHOUT_TENANT_FILTER";

/// The tables whose finders do not keep to the transaction's tenant. None, unless a test says so.
#[derive(Debug, Default)]
pub(crate) struct Unfiltered(Mutex<BTreeSet<String>>);

impl Unfiltered {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one switch by which a black-box test reaches the finders"
    )]
    pub(crate) fn from_environment() -> Self {
        // Whoever builds all crates at once has the feature in the binary; an optimised one never obeys.
        if !cfg!(debug_assertions) {
            return Self::default();
        }
        let tables = std::env::var(VARIABLE).unwrap_or_default();
        let tables = tables.split(',').filter(|table| !table.is_empty());
        Self(Mutex::new(tables.map(str::to_owned).collect()))
    }

    pub(crate) fn has(&self, table: &str) -> bool {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.contains(table) || tables.contains("*")
    }

    fn set(&self, tables: &[&str]) {
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *own = tables.iter().map(|table| (*table).to_owned()).collect();
    }
}

impl crate::Store {
    /// From now on the finders of this store keep to the transaction's tenant in every table but these.
    pub fn remove_tenant_filter(&self, tables: &[&str]) {
        self.database().unfiltered().set(tables);
    }
}
