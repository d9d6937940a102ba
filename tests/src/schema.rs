//! What a schema says of itself, read over HTTP.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Client;

/// Enough of the introspection to find every argument and every mutation.
const INTROSPECTION: &str = "{ __schema { mutationType { name } types { kind name \
    fields { name args { name type { ...Named } } } inputFields { name type { ...Named } } \
    enumValues { name } } } } fragment Named on __Type \
    { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

impl Client {
    /// The schema behind an endpoint.
    ///
    /// # Errors
    /// When it is not shown.
    pub async fn schema(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.graphql_at(path, INTROSPECTION, json!({})).await?;
        let body = answer.json()?;
        anyhow::ensure!(body["errors"].is_null(), "{body}");
        Ok(body["data"]["__schema"].clone())
    }
}

/// Names of all mutations.
#[must_use]
pub fn mutations(schema: &Value) -> BTreeSet<String> {
    let root = schema["mutationType"]["name"].clone();
    items(&schema["types"])
        .filter(|kind| kind["name"] == root)
        .flat_map(|kind| items(&kind["fields"]).map(name).collect::<Vec<_>>())
        .collect()
}

/// Every argument that can lead to a thing: an id, a cursor, a token. As `Type.field(argument)`, and
/// `Input.field` for a field of an input.
#[must_use]
pub fn references(schema: &Value) -> BTreeSet<String> {
    let own = items(&schema["types"]).filter(|kind| !name(kind).starts_with("__"));
    own.flat_map(|kind| {
        let owner = name(kind);
        let inputs = items(&kind["inputFields"])
            .filter(|field| is_reference(field))
            .map(|field| format!("{owner}.{}", name(field)));
        let arguments = items(&kind["fields"]).flat_map(|field| {
            let place = format!("{owner}.{}", name(field));
            items(&field["args"])
                .filter(|argument| is_reference(argument))
                .map(move |argument| format!("{place}({})", name(argument)))
        });
        inputs.chain(arguments).collect::<Vec<_>>()
    })
    .collect()
}

/// A value for a mutation's input that is well formed and leads to nothing: what must be there, and no more.
/// `id` makes the id for a field of that name.
#[must_use]
pub fn blank_input(schema: &Value, mutation: &str, id: fn(&str) -> String) -> Value {
    let mut kind = mutation.to_owned();
    if let Some(first) = kind.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    blank_object(schema, &format!("{kind}Input"), id)
}

fn blank_object(schema: &Value, kind: &str, id: fn(&str) -> String) -> Value {
    let own = items(&schema["types"]).find(|own| own["name"] == kind);
    let fields = own.map_or(&Value::Null, |own| &own["inputFields"]);
    let must = items(fields).filter(|field| field["type"]["kind"] == "NON_NULL");
    must.map(|field| {
        let value = blank(schema, &name(field), &field["type"]["ofType"], id);
        (name(field), value)
    })
    .collect()
}

fn blank(schema: &Value, field: &str, kind: &Value, id: fn(&str) -> String) -> Value {
    match (kind["kind"].as_str(), kind["name"].as_str()) {
        (Some("NON_NULL"), _) => blank(schema, field, &kind["ofType"], id),
        (Some("LIST"), _) => json!([blank(schema, field, &kind["ofType"], id)]),
        (Some("INPUT_OBJECT"), Some(kind)) => blank_object(schema, kind, id),
        (Some("ENUM"), Some(kind)) => {
            let own = items(&schema["types"]).find(|own| own["name"] == kind);
            let values = own.map_or(&Value::Null, |own| &own["enumValues"]);
            items(values).map(name).next().into()
        }
        (_, Some("ID")) => id(field).into(),
        (_, Some("Boolean")) => true.into(),
        (_, Some("Int")) => 1.into(),
        (_, Some("String")) => "blank".into(),
        // Numbers of their own are written as text.
        _ => "1".into(),
    }
}

/// By its type, or by its name where the type is only text.
fn is_reference(argument: &Value) -> bool {
    let name = name(argument);
    match type_name(&argument["type"]).as_str() {
        "ID" => true,
        "String" => {
            let lower = name.to_lowercase();
            ["id", "ids"].contains(&lower.as_str())
                || name.ends_with("Id")
                || name.ends_with("Ids")
                || ["after", "before", "cursor", "token", "secret"]
                    .iter()
                    .any(|word| lower.ends_with(word))
        }
        _ => false,
    }
}

/// The name under lists and non-nulls.
fn type_name(kind: &Value) -> String {
    match &kind["ofType"] {
        Value::Null => name(kind),
        inner => type_name(inner),
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap_or_default().to_owned()
}
