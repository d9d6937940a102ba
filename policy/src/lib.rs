//! Who may do what, how much, and where a file belongs: the rules of the product as plain values.
//!
//! The crate decides and never acts: no clock, no database, no network, no randomness. Every question is a
//! function of its arguments, so every answer can be tabulated and tested. [`needs`] is the only place that
//! says which right an [`Action`] takes; [`allow`] reads it and so does every description shown to a client.
//!
//! Limits: nothing here proves who is asking (a [`Grant`] is believed), nothing here counts (the
//! [`quota`] arithmetic is mirrored by conditional statements in the database, which stay the authority under
//! concurrency), and a catalogue says what is accepted, not what a file's bytes are.

pub mod catalogue;
pub mod limit;
pub mod quota;

mod action;
mod allow;
mod metric;
mod need;
mod object_id;
mod period;
mod role;
mod scope;
mod setting;
mod state;
mod text;
mod tier;

pub use action::Action;
pub use allow::{Grant, allow};
pub use catalogue::{
    Catalogue, CatalogueProblem, CatalogueProblems, DangerousKinds, MediaPattern, ObjectType,
};
pub use metric::QuotaMetric;
pub use need::{KeyNeed, Need, needs};
pub use object_id::{ObjectId, ObjectIdError};
pub use period::{Period, period_at};
pub use quota::{Balance, Shortfall, Threshold};
pub use role::Role;
pub use scope::{Scope, Scopes};
pub use setting::{SettingKey, SettingProblem, Settings};
pub use state::{FileState, JobState, ReservationState, TenantStatus, TenantStep, UploadState};
pub use text::Unknown;
pub use tier::{Tier, TierLimits, TierProblem, Tiers};
