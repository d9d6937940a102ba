//! What becomes of a field that failed, as the GraphQL specification asks (section 6.4.4, "Handling Field
//! Errors"): it is null where the schema lets it be, else the nearest field around it that may be null is.
//!
//! The library leaves a failed field out of its object whatever its type, and an object of failed fields
//! becomes null. So a response with errors is put right afterwards, by the types of the schema and the
//! document; one without costs nothing. (An extension of the schema could see each field's type as it
//! fails, but would box a future for every field of every request.)

mod place;
mod types;

use async_graphql::{
    PathSegment, Response,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition},
    },
};

pub(crate) use types::Types;

/// Puts null where fields of `document` failed. Errors stay as they are, each with its path.
pub(crate) fn put_nulls(
    response: &mut Response,
    types: &Types,
    document: &str,
    operation: Option<&str>,
) {
    let failed = response.errors.iter().map(|error| error.path.as_slice());
    let failed: Vec<&[PathSegment]> = failed.filter(|path| !path.is_empty()).collect();
    if failed.is_empty() {
        return;
    }
    let Ok(document) = parse_query(document) else {
        return;
    };
    let Some(operation) = chosen(&document, operation) else {
        return;
    };
    let nearest = |path: &&[PathSegment]| {
        let may_be_null = types.along(&document, operation, path);
        let around = may_be_null.iter().rposition(|may| *may);
        path.iter()
            .take(around.map_or(0, |at| at + 1))
            .cloned()
            .collect()
    };
    let mut places: Vec<Vec<PathSegment>> = failed.iter().map(nearest).collect();
    // Outer places last, because what is put inside them goes with them.
    places.sort_by_key(|place| std::cmp::Reverse(place.len()));
    for place in places {
        place::put_null(&mut response.data, &place);
    }
}

fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Multiple(named), Some(name)) => named.get(name)?,
        (DocumentOperations::Multiple(named), None) => named.values().next()?,
        (DocumentOperations::Single(operation), _) => operation,
    };
    Some(&operation.node)
}

#[cfg(test)]
mod tests;
