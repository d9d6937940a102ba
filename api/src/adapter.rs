//! What lies outside the process or in front of the services: the object store, passwords, limits, caches,
//! what processes share.

pub mod anchor;
pub mod blob;
pub mod limiter;
pub mod link_cache;
pub mod password;
pub mod redis;
