mod asking;
mod auditing;
mod rights;
mod shape;

use serde_json::Value;

use super::{operator_schema, tenant_schema};

/// The introspected types of a schema, without those of introspection itself.
async fn types_of(schema: Schema) -> Vec<Value> {
    const QUERY: &str = "{ __schema { types { kind name description \
        fields { name description args { name description } } \
        inputFields { name description } enumValues { name description } } } }";
    let response = match schema {
        Schema::Tenant => tenant_schema().execute(QUERY).await,
        Schema::Operator => operator_schema().execute(QUERY).await,
    };
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    let data = response.data.into_json().unwrap();
    let types = data["__schema"]["types"].as_array().unwrap().iter();
    types
        .filter(|ty| !ty["name"].as_str().unwrap().starts_with("__"))
        .cloned()
        .collect()
}

/// One of the two.
#[derive(Debug, Clone, Copy)]
enum Schema {
    Tenant,
    Operator,
}
