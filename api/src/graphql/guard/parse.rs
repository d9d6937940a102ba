//! Turns a scanned document into a tree.

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{self, Error};

use super::verdict::{Refusal, code};

/// Parses a document that [`scan`](super::scan()) let through; it must not see any other, because
/// the parser's recursion has no bound of its own.
///
/// # Errors
/// `GRAPHQL_PARSE_FAILED` with a position and without a word of the source: the library's own message
/// quotes the offending line.
pub fn parse(document: &str) -> Result<ExecutableDocument, Refusal> {
    parser::parse_query(document).map_err(|error| refusal(&error))
}

fn refusal(error: &Error) -> Refusal {
    let position = error.positions().next();
    let place = position.map_or_else(String::new, |at| {
        format!(" at line {}, column {}", at.line, at.column)
    });
    Refusal::new(
        code::GRAPHQL_PARSE_FAILED,
        format!("{}{place}.", sentence(error)),
    )
    .at(position)
}

fn sentence(error: &Error) -> &'static str {
    match error {
        Error::MultipleOperations { .. } => {
            "Syntax error: an operation without a name must be the only one, but there are several"
        }
        Error::OperationDuplicated { .. } => "Syntax error: two operations have the same name",
        Error::FragmentDuplicated { .. } => "Syntax error: two fragments have the same name",
        Error::MissingOperation => "Syntax error: the document has no operation",
        _ => "Syntax error",
    }
}
