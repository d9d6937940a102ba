//! The rows: one file per table, the typed ids, and nothing else.
//!
//! A `Model` is what the database holds. There are no queries here (they live in `store`, behind the
//! tenant wall) and no presentation (it lives in `api`). Column order, nullability and types mirror
//! the migrations; a test in `store` reads every table on both databases through these models.

pub mod id;
pub mod text;

pub mod api_key;
pub mod audit_checkpoint;
pub mod audit_cosigner;
pub mod audit_disclosure;
pub mod audit_entry;
pub mod audit_export;
pub mod audit_head;
pub mod audit_hold;
pub mod audit_key;
pub mod audit_outbox;
pub mod audit_purge;
pub mod audit_quarantine;
pub mod audit_removal;
pub mod audit_target;
pub mod audit_tile;
pub mod deployment;
pub mod file;
pub mod idempotency_key;
pub mod invitation;
pub mod job;
pub mod member;
pub mod operator;
pub mod operator_session;
pub mod quota_override;
pub mod reservation;
pub mod revocation;
pub mod session;
pub mod tenant;
pub mod tenant_contact;
pub mod upload;
pub mod usage_counter;
pub mod user;
pub mod verification;

pub use id::*;
pub use text::Text;
