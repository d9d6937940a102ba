//! Use cases: each owns its transactions, and knows nothing of GraphQL or HTTP.

pub mod api_key;
pub mod audit;
pub mod export;
pub mod file;
pub mod input;
pub mod link;
pub mod member;
pub mod metering;
pub(crate) mod object;
pub mod operator;
pub mod purge;
pub mod quota_override;
pub mod retention;
pub mod session;
pub mod tenant;
pub mod upload;
