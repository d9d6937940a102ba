//! Use cases: each owns its transactions, and knows nothing of GraphQL or HTTP.

pub mod file;
pub mod link;
pub mod metering;
pub mod upload;
pub(crate) mod object;
pub mod api_key;
pub mod audit;
pub mod input;
pub mod member;
pub mod operator;
pub mod session;
pub mod tenant;
