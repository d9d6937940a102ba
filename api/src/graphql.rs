//! GraphQL: the guard before anything runs, then lenses over rows and short resolvers.

pub mod guard;

pub mod api_key;
pub mod audit_chain;
pub mod audit_entry;
pub mod audit_event;
pub mod audit_export;
mod audit_proof;
pub mod audit_register;
pub mod audit_retention;
pub mod audit_verification;
pub mod contact;
pub mod file;
pub mod link;
pub mod member;
pub mod node;
pub mod operator;
pub mod operator_tenant;
pub mod page;
pub mod payload;
pub mod principal;
pub mod query;
pub mod quota;
pub mod scalar;
pub mod schema;
pub mod secret;
pub mod session;
pub mod settings;
pub mod tenant;
pub mod upload;
pub mod viewer;
pub mod word;

pub(crate) mod context;
pub(crate) mod field_error;
