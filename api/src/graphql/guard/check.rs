//! Holds an expanded document to its limits.

use async_graphql::Variables;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};

use super::expand::{Cost, Expansion, too_many_levels};
use super::limits::{Facts, Limits};
use super::multiplier::Values;
use super::roots::root_fields;
use super::verdict::{Approved, Refusal, code, is_introspection};

/// Counts what `document` expands to and approves it, or names the first limit it breaks.
///
/// Selections, aliases, directives and nesting are held over all operations of the document, because
/// validation walks them all; root fields and complexity are those of the operation that will run.
/// Ask [`Approved::needs_credential`] before executing.
///
/// # Errors
/// A [`Refusal`]: see [`code`] for the reasons.
pub fn check(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
    limits: &Limits,
    facts: &Facts,
    introspection_allowed: bool,
) -> Result<Approved, Refusal> {
    let chosen = choose(document, operation_name)?;
    let values = Values::new(variables, chosen, limits.page_size);
    let mut expansion = Expansion::new(document, values, limits);
    let own = expansion.operation(chosen)?;
    let total = expand_rest(&mut expansion, document, chosen, own)?;
    hold_total(&total, limits)?;
    hold_price(&own, limits)?;
    let root_fields = root_fields(document, chosen);
    hold_roots(chosen.ty, &root_fields, limits)?;
    let sensitive = hold_sensitive(document, facts)?;
    if !introspection_allowed && root_fields.iter().any(|name| is_introspection(name)) {
        return Err(introspection_off());
    }
    Ok(Approved {
        operation_type: chosen.ty,
        needs_credential: root_fields.iter().any(|name| !facts.is_public(name)),
        root_fields,
        complexity: own.complexity,
        depth: own.depth,
        selections: total.selections,
        sensitive,
    })
}

/// GetOperation, specification section 6.1.
fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, Refusal> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(named), Some(name)) => named.get(name),
        (DocumentOperations::Multiple(named), None) if named.len() == 1 => named.values().next(),
        _ => None,
    };
    operation
        .map(|operation| &operation.node)
        .ok_or_else(|| no_operation(name.is_some()))
}

fn expand_rest<'a>(
    expansion: &mut Expansion<'a>,
    document: &'a ExecutableDocument,
    chosen: &OperationDefinition,
    own: Cost,
) -> Result<Cost, Refusal> {
    let mut total = own;
    for (_, operation) in document.operations.iter() {
        if !std::ptr::eq(&raw const operation.node, chosen) {
            total = total.beside(expansion.operation(&operation.node)?);
        }
    }
    Ok(total.beside(expansion.unreached()?))
}

/// What validation pays for.
fn hold_total(total: &Cost, limits: &Limits) -> Result<(), Refusal> {
    if total.levels > limits.levels {
        return Err(too_many_levels(limits));
    }
    hold(
        total.selections,
        limits.selections,
        code::QUERY_TOO_EXPENSIVE,
        "selections after expanding fragments",
    )?;
    hold(
        total.aliases,
        limits.aliases,
        code::QUERY_TOO_MANY_ALIASES,
        "aliases",
    )?;
    hold(
        total.directives,
        limits.directives,
        code::QUERY_TOO_MANY_DIRECTIVES,
        "directives",
    )?;
    hold(
        total.depth,
        limits.depth,
        code::QUERY_TOO_DEEP,
        "fields inside one another",
    )?;
    hold(
        total.introspection_depth,
        limits.introspection_depth,
        code::QUERY_TOO_DEEP,
        "introspection fields inside one another",
    )
}

/// What execution pays for.
fn hold_price(own: &Cost, limits: &Limits) -> Result<(), Refusal> {
    hold(
        own.complexity,
        limits.complexity,
        code::QUERY_TOO_EXPENSIVE,
        "objects; ask for shorter pages",
    )?;
    hold(
        own.introspection_complexity,
        limits.introspection_complexity,
        code::QUERY_TOO_EXPENSIVE,
        "schema elements",
    )
}

fn hold_roots(ty: OperationType, roots: &[String], limits: &Limits) -> Result<(), Refusal> {
    let limit = match ty {
        OperationType::Query => limits.query_roots,
        OperationType::Mutation => limits.mutation_roots,
        OperationType::Subscription => limits.subscription_roots,
    };
    let found = u64::try_from(roots.len()).unwrap_or(u64::MAX);
    hold(
        found,
        limit,
        code::QUERY_TOO_MANY_ROOT_FIELDS,
        "root fields",
    )
}

/// True when the document's one root field, over all operations, is sensitive.
fn hold_sensitive(document: &ExecutableDocument, facts: &Facts) -> Result<bool, Refusal> {
    let roots: Vec<String> = document
        .operations
        .iter()
        .flat_map(|(_, operation)| root_fields(document, &operation.node))
        .collect();
    let sensitive = roots.iter().any(|name| facts.is_sensitive(name));
    if sensitive && roots.len() > 1 {
        return Err(not_alone());
    }
    Ok(sensitive)
}

fn hold(found: u64, limit: u64, code: &'static str, what: &str) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    Err(Refusal::new(
        code,
        format!("The document asks for more than {limit} {what}."),
    ))
}

fn no_operation(named: bool) -> Refusal {
    let message = if named {
        "The document has no operation of the name given in operationName."
    } else {
        "The document has several operations: operationName must say which one to run."
    };
    Refusal::new(code::GRAPHQL_VALIDATION_FAILED, message)
}

fn not_alone() -> Refusal {
    Refusal::new(
        code::SENSITIVE_FIELD_NOT_ALONE,
        "This field must be the only root field of the document.",
    )
}

fn introspection_off() -> Refusal {
    Refusal::new(
        code::INTROSPECTION_DISABLED,
        "Introspection needs a credential here.",
    )
}
