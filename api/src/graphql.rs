//! GraphQL: the guard before anything runs, then lenses over rows and short resolvers.

pub mod guard;

pub mod audit_event;
pub mod page;
pub mod payload;
pub mod principal;
pub mod scalar;

mod context;
