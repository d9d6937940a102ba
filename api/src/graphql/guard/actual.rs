//! What an operation came to, counted in its answer the way its price was counted in its document.

use std::collections::HashMap;

use async_graphql::Value;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::expand::weight;

/// Counts answers of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meter {
    /// Response keys of fields that are no objects and cost more than one.
    heavy: HashMap<String, u64>,
}

impl Meter {
    /// For answers of `document`, which has passed the guard: it is walked once, fragments where they are written.
    #[must_use]
    pub fn of(document: &ExecutableDocument) -> Self {
        let operations = document.operations.iter();
        let operations = operations.map(|(_, operation)| &operation.node.selection_set.node);
        let fragments = document.fragments.values();
        let fragments = fragments.map(|fragment| &fragment.node.selection_set.node);
        let mut meter = Self::default();
        for set in operations.chain(fragments) {
            meter.note(set);
        }
        meter
    }

    /// Objects in `data` below its root, and what is dearer than an object.
    #[must_use]
    pub fn measure(&self, data: &Value) -> u64 {
        match data {
            Value::Object(fields) => fields.iter().fold(0, |total: u64, (key, value)| {
                let heavy = self.heavy.get(key.as_str()).copied().unwrap_or(0);
                total.saturating_add(self.value(value, heavy))
            }),
            _ => 0,
        }
    }

    fn value(&self, value: &Value, heavy: u64) -> u64 {
        match value {
            Value::Null => 0,
            Value::List(items) => items.iter().fold(0, |total: u64, item| {
                total.saturating_add(self.value(item, heavy))
            }),
            Value::Object(_) => self.measure(value).saturating_add(heavy.max(1)),
            _ => heavy,
        }
    }

    fn note(&mut self, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let weight = weight(&field.node);
                    if weight > 0 {
                        let key = field.node.response_key().node.to_string();
                        self.heavy.insert(key, weight);
                    }
                    self.note(&field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => self.note(&inline.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    fn measure(document: &str, data: &Value) -> u64 {
        parse_query(document).map_or(0, |document| Meter::of(&document).measure(data))
    }

    #[test]
    fn objects_are_counted_where_they_are() {
        let document = "{ viewer { tenant { files(first: 100) { nodes { id } } } } }";
        let two = value!({ "viewer": { "tenant": { "files": { "nodes": [{ "id": "a" }, { "id": "b" }] } } } });
        assert_eq!(measure(document, &two), 5);
        let none = value!({ "viewer": { "tenant": null } });
        assert_eq!(measure(document, &none), 1);
        assert_eq!(measure(document, &Value::Null), 0);
    }

    #[test]
    fn a_dear_field_is_found_by_the_name_it_was_given() {
        let document =
            "{ a: node { ... on AuditEntry { ...F } } } fragment F on AuditEntry { p: proof seq }";
        let data = value!({ "a": { "p": "…", "seq": "1" } });
        assert_eq!(measure(document, &data), 1 + 5);
    }
}
