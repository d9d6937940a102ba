//! The end of a tenant: what goes, in which order, and the certificate that it is gone.
//!
//! What goes follows from the database itself: [`catalogue`] reads which tables have rows of a tenant and how they
//! refer to each other; [`rules`] says of each what becomes of it, and a table without a rule stops everything. The
//! order follows from the foreign keys.
//!
//! A purge is an entry of the tenant's log first (`tenant.purge`, with the hash of the plan that was agreed to). Then
//! it is a sequence of small transactions ([`step`]), each of which finds out anew what is left: broken off anywhere,
//! the next run goes on. The log is sealed on the way: a last prune takes its disclosures, its entries stay until
//! their own retention ends. The last transaction ([`certificate`]) takes the tenant's record, and enters the end of
//! its log, with the hash of a signed certificate, into the system log.
//!
//! Objects are not the store's business: whoever runs a purge removes them before the rows that name them.
//!
//! Limits. A copy of the database outside (a backup, a replica) keeps what was deleted here for as long as it is kept.
//! Accounts belong to people, not to tenants: they stay, also those without another tenant.

mod begin;
mod catalogue;
mod certificate;
mod obstacle;
mod plan;
mod rules;
mod step;

pub use begin::PurgeRequest;
pub use catalogue::{Catalogue, Table};
pub use certificate::{CERTIFICATE, Certificate};
pub use plan::{Area, Counted, PurgePlan};
pub use rules::{Exported, RULES, Rule, rule};
pub use step::PurgeStep;

use crate::{ConflictCode, StoreError};

fn refused(cause: impl Into<String>) -> StoreError {
    StoreError::conflict(ConflictCode::InvalidState, cause)
}
