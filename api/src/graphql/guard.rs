//! Judges a GraphQL request before the library sees it.
//!
//! The parser recurses without bound, validation and cost calculation walk the expanded tree, and
//! identical fields are executed as often as they are written. So a document passes three gates, in
//! this order: [`scan`] reads bytes (size, tokens, nesting), [`parse`] makes the document, [`check`]
//! counts what it expands to, each fragment once. Nothing here waits, allocates more than a small
//! multiple of the document, or calls the schema.
//!
//! What is not judged here: whether fields exist (validation), who may see them (policy), and how
//! often they may be asked (rate limits).

mod actual;
mod body;
mod check;
mod expand;
mod json;
mod limits;
mod multiplier;
mod parse;
mod roots;
mod scan;
mod verdict;

pub use actual::Meter;
pub use body::Body;
pub use check::check;
pub use json::scan_json;
pub use limits::{Facts, Limits};
pub use parse::parse;
pub use scan::{Scan, scan};
pub use verdict::{Approved, Refusal, code};

use async_graphql::Variables;
use async_graphql::parser::types::ExecutableDocument;

/// A request that passed every gate: the parsed document and what it costs.
#[derive(Debug)]
pub struct Admitted {
    /// Hand this to `Request::set_parsed_query`, so that nothing is parsed twice.
    pub document: ExecutableDocument,
    /// What the caller needs to authenticate and to charge.
    pub approved: Approved,
}

/// Scans, parses and checks one document, or says why it is refused.
pub fn admit(
    document: &str,
    operation_name: Option<&str>,
    variables: &Variables,
    limits: &Limits,
    facts: &Facts,
    introspection_allowed: bool,
) -> Result<Admitted, Refusal> {
    scan(document, limits)?;
    let document = parse(document)?;
    let approved = check(
        &document,
        operation_name,
        variables,
        limits,
        facts,
        introspection_allowed,
    )?;
    Ok(Admitted { document, approved })
}

#[cfg(test)]
mod tests;
