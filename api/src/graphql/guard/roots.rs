//! The root fields of an operation, fragments expanded.

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};

/// Names of the fields that `operation` executes at its root, one entry per execution.
///
/// Type conditions and `@skip`/`@include` are taken as met: what could run is counted. Call it only
/// when the expansion is known to be acyclic and bounded.
pub(super) fn root_fields(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Vec<String> {
    let mut names = Vec::new();
    collect(document, &operation.selection_set.node, &mut names);
    names
}

fn collect(document: &ExecutableDocument, set: &SelectionSet, names: &mut Vec<String>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => names.push(field.node.name.node.to_string()),
            Selection::InlineFragment(inline) => {
                collect(document, &inline.node.selection_set.node, names);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(document, &fragment.node.selection_set.node, names);
                }
            }
        }
    }
}
