//! What is recorded, with every field classified.
//!
//! An event is a struct whose fields are of the classes in [`class`]; a bare `String` has no class
//! and does not compile as a field:
//!
//! ```
//! use store::event::class::{Field, Personal};
//! fn recorded<F: Field>() {}
//! recorded::<Personal<String>>();
//! ```
//! ```compile_fail
//! use store::event::class::Field;
//! fn recorded<F: Field>() {}
//! recorded::<String>();
//! ```

pub mod class;
mod kinds;

use std::collections::BTreeMap;

use audit::{entry::Outcome, value::Value};
use policy::Action;
use uuid::Uuid;

pub use kinds::*;

/// Something that happened, ready to be recorded.
#[derive(Debug, Clone)]
pub struct Event {
    pub(crate) action: Action,
    pub(crate) outcome: Outcome,
    pub(crate) targets: Vec<(&'static str, Uuid)>,
    pub(crate) meta: BTreeMap<String, Value>,
    pub(crate) personal: serde_json::Map<String, serde_json::Value>,
}

impl Event {
    pub(crate) fn new(action: Action) -> Self {
        Self {
            action,
            outcome: Outcome::Success,
            targets: Vec::new(),
            meta: BTreeMap::new(),
            personal: serde_json::Map::new(),
        }
    }

    /// The same event, but it did not succeed.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// What was done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }
}

/// One event or more: there is no way to make an empty one, and a commit takes nothing less.
#[derive(Debug, Clone)]
pub struct Events(Vec<Event>);

impl Events {
    /// These events and one more, in this order.
    #[must_use]
    pub fn and(mut self, event: impl Into<Event>) -> Self {
        self.0.push(event.into());
        self
    }

    /// What the commit is about.
    pub(crate) fn last(&self) -> Option<&Event> {
        self.0.last()
    }

    pub(crate) fn into_vec(self) -> Vec<Event> {
        self.0
    }
}

impl<E: Into<Event>> From<E> for Events {
    fn from(event: E) -> Self {
        Self(vec![event.into()])
    }
}
