//! The Strongroom server: configuration, GraphQL, HTTP and the worker behind one binary.

pub mod adapter;
pub mod app;
pub mod cli;
pub mod config;
pub mod error;
pub mod graphql;
pub mod http;
pub mod reference;
pub mod request;
pub mod service;
pub mod start;
pub mod telemetry;
pub mod worker;
