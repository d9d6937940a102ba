//! The one wall around the database.
//!
//! Three things hold because nothing else compiles: a transaction has an [`Actor`] and an
//! [`policy::Action`]; a tenant's rows are reached only through the transaction's own tenant; and a
//! change commits only together with its audit [`Event`].
//!
//! The doors that are not a tenant's are few and each in one file: [`auth`] (look-ups before a
//! tenant is known), [`person`] (a person's own memberships), [`operator`] and [`system`] (work the
//! server does by itself, with the closed list of what may commit without an event).
//!
//! What the crate does not do: it cannot stop somebody who holds the database itself. It makes such
//! a change visible, see the `audit` crate and [`verify`].

pub mod actor;
pub mod auth;
pub mod clock;
pub mod denial;
pub mod error;
pub mod event;
pub mod keys;
pub mod ledger;
pub mod master_key;
pub mod operator;
pub mod page;
pub mod person;
pub mod schema;
pub mod sequence;
pub mod system;
pub mod tx;
pub mod verify;

pub mod api_key;
pub mod audit_entry;
pub mod bootstrap;
pub mod export;
pub mod file;
pub mod idempotency;
pub mod invitation;
pub mod job;
pub mod member;
pub mod purge;
pub mod quota;
pub mod retention;
pub mod revocation;
pub mod tenant;
pub mod upload;
pub mod user;
pub mod verification;

#[cfg(feature = "testing")]
pub mod testing;

mod batch;
mod conn;
mod log;
mod outbox;
mod seal;

pub use actor::{Actor, Operator, Person, Principal, RequestContext};
pub use clock::{Clock, SystemClock};
pub use conn::{Backend, Database, DatabaseOptions};
pub use error::{ConflictCode, Noun, StoreError};
pub use event::{Event, Events};
pub use tx::{EventRef, EventStatus, Receipt, Snapshot, Store, TenantOwned, Tx, View};
