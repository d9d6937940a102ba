//! The Strongroom server: configuration, GraphQL, HTTP and the worker behind one binary.

pub mod graphql;
