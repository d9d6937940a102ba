//! HTTP: what is read from a request before anything acts on it.

pub mod accept;
pub mod client_addr;
