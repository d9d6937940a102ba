//! HTTP: who asks, how often, what for; and how they are answered.
//!
//! [`routes`] is the whole table of addresses. A request passes, from the outside in: `edge` (id, log,
//! headers, shape of errors), CORS, [`limit`] (by address), `gate` (who it is and whether that may ask
//! now), its handler.

pub mod accept;
pub mod auth;
mod body;
pub mod client_addr;
pub mod context;
pub mod limit;
pub mod problem;
pub mod routes;
pub mod signal;

mod audit;
mod cookie;
mod cors;
mod csrf;
mod edge;
mod file;
mod gate;
mod graphiql;
mod graphql;
mod headers;
mod health;
mod idempotency;
mod json;
mod serve;
mod state;
mod upload;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use health::Readiness;
pub use problem::Problem;
pub use serve::{ServeError, Serving, serve};
pub use state::{Engine, Engines, Front, InFlight};
