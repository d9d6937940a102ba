//! The Strongroom server: configuration, GraphQL, HTTP and the worker behind one binary.

pub mod config;
pub mod graphql;
pub mod http;
