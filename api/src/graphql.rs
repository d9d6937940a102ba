//! GraphQL: the guard before anything runs, then lenses over rows and short resolvers.

pub mod guard;
pub mod page;
pub mod payload;
pub mod scalar;
