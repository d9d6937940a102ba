//! Of which type a field is.

use std::collections::HashMap;

use async_graphql::{
    PathSegment,
    parser::{
        parse_schema,
        types::{
            BaseType, ExecutableDocument, Field, FieldDefinition, OperationDefinition,
            OperationType, Selection, SelectionSet, Type, TypeKind, TypeSystemDefinition,
        },
    },
};

/// The types of the fields of a schema.
#[derive(Debug, Default)]
pub(crate) struct Types {
    query: String,
    mutation: String,
    /// By type and field.
    fields: HashMap<String, HashMap<String, Type>>,
}

/// Selections on a type.
type Spot<'a> = (&'a str, &'a SelectionSet);

impl Types {
    /// Of a schema in the schema definition language. Of one that does not parse nothing is known, and
    /// a field of which nothing is known may not be null.
    pub(crate) fn of(schema: &str) -> Self {
        let mut types = Self::default();
        let definitions = parse_schema(schema).map(|schema| schema.definitions);
        for definition in definitions.unwrap_or_default() {
            match definition {
                TypeSystemDefinition::Schema(roots) => {
                    let name = |root: Option<_>| root.map_or_else(String::new, named);
                    types.query = name(roots.node.query);
                    types.mutation = name(roots.node.mutation);
                }
                TypeSystemDefinition::Type(ty) => {
                    let fields = match ty.node.kind {
                        TypeKind::Object(object) => object.fields,
                        TypeKind::Interface(interface) => interface.fields,
                        _ => continue,
                    };
                    let fields = fields.into_iter().map(|field| typed(field.node));
                    types.fields.insert(named(ty.node.name), fields.collect());
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        types
    }

    /// Whether each step of `path` may be null.
    pub(super) fn along(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        path: &[PathSegment],
    ) -> Vec<bool> {
        let root = match operation.ty {
            OperationType::Mutation => &self.mutation,
            OperationType::Query | OperationType::Subscription => &self.query,
        };
        let mut spots: Vec<Spot<'_>> = vec![(root, &operation.selection_set.node)];
        let mut types: Vec<&Type> = Vec::new();
        let mut along = Vec::with_capacity(path.len());
        for segment in path {
            match segment {
                PathSegment::Field(key) => {
                    let mut found = Vec::new();
                    for (parent, set) in &spots {
                        select(document, parent, set, key, &mut found);
                    }
                    let typed = found.iter().filter_map(|(parent, field)| {
                        let ty = self.fields.get(*parent)?.get(field.name.node.as_str())?;
                        Some((ty, &field.selection_set.node))
                    });
                    let typed: Vec<(&Type, &SelectionSet)> = typed.collect();
                    spots = typed
                        .iter()
                        .map(|(ty, set)| (innermost(ty), *set))
                        .collect();
                    types = typed.into_iter().map(|(ty, _)| ty).collect();
                }
                PathSegment::Index(_) => {
                    types = types.into_iter().filter_map(element).collect();
                }
            }
            // Which of several types an object behind fragments has is not known here.
            along.push(!types.is_empty() && types.iter().all(|ty| ty.nullable));
        }
        along
    }
}

/// The fields that answer under `key`, each with the type it is a field of.
fn select<'a>(
    document: &'a ExecutableDocument,
    parent: &'a str,
    set: &'a SelectionSet,
    key: &str,
    found: &mut Vec<(&'a str, &'a Field)>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                if field.node.response_key().node == key {
                    found.push((parent, &field.node));
                }
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let parent = condition.map_or(parent, |on| on.node.on.node.as_str());
                select(
                    document,
                    parent,
                    &fragment.node.selection_set.node,
                    key,
                    found,
                );
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    let parent = fragment.node.type_condition.node.on.node.as_str();
                    select(
                        document,
                        parent,
                        &fragment.node.selection_set.node,
                        key,
                        found,
                    );
                }
            }
        }
    }
}

fn named(name: async_graphql::Positioned<async_graphql::Name>) -> String {
    name.node.to_string()
}

fn typed(field: FieldDefinition) -> (String, Type) {
    (named(field.name), field.ty.node)
}

fn element(ty: &Type) -> Option<&Type> {
    match &ty.base {
        BaseType::List(element) => Some(element),
        BaseType::Named(_) => None,
    }
}

fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::List(element) => innermost(element),
        BaseType::Named(name) => name,
    }
}
