//! How often the objects below a field are counted.

use std::convert::Infallible;

use async_graphql::parser::types::{Field, OperationDefinition};
use async_graphql::{Name, Value, Variables};

/// What is known about the values of one operation's variables.
pub(super) struct Values<'a> {
    variables: &'a Variables,
    operation: &'a OperationDefinition,
    page_size: u64,
}

impl<'a> Values<'a> {
    pub(super) fn new(
        variables: &'a Variables,
        operation: &'a OperationDefinition,
        page_size: u64,
    ) -> Self {
        Self {
            variables,
            operation,
            page_size,
        }
    }

    /// `first` of a connection or `size` of a sample, clamped to the page size; the number of `ids`; else 1.
    ///
    /// A `first` that cannot be read counts as a whole page: validation refuses it later, and a
    /// guess must not be the cheaper way in.
    pub(super) fn multiplier(&self, field: &Field) -> u64 {
        for name in ["first", "size"] {
            if let Some(first) = self.argument(field, name) {
                return self.page(&first);
            }
        }
        self.argument(field, "ids").map_or(1, |ids| list_len(&ids))
    }

    /// The argument with every variable replaced by its number, or by its length if it is a list, so
    /// that a long list is not copied once for each place that names it.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let given = field.get_argument(name)?.node.clone();
        let Ok(value) =
            given.into_const_with(|variable| Ok::<_, Infallible>(self.summarise(&variable)));
        Some(value)
    }

    fn summarise(&self, name: &Name) -> Value {
        let given = self
            .variables
            .get(name)
            .or_else(|| self.default_value(name));
        match given {
            Some(Value::Number(number)) => Value::Number(number.clone()),
            Some(Value::List(items)) => Value::from(items.len()),
            _ => Value::Null,
        }
    }

    fn default_value(&self, name: &Name) -> Option<&'a Value> {
        self.operation
            .variable_definitions
            .iter()
            .find(|definition| definition.node.name.node == *name)
            .and_then(|definition| definition.node.default_value())
    }

    fn page(&self, first: &Value) -> u64 {
        match first {
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(first), _) => first.min(self.page_size),
                (None, Some(_)) => 0,
                (None, None) => self.page_size,
            },
            _ => self.page_size,
        }
    }
}

fn list_len(ids: &Value) -> u64 {
    match ids {
        Value::List(items) => u64::try_from(items.len()).unwrap_or(u64::MAX),
        Value::Number(len) => len.as_u64().unwrap_or(1),
        _ => 1,
    }
}
