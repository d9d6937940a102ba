//! GraphQL: what a document may cost before anything runs it.

pub mod guard;
