//! The committed SDL, and that everything in it is described.

use serde_json::Value;

use crate::reference::hold_equal;

use super::{Schema, operator_schema, tenant_schema, types_of};

#[test]
fn the_tenant_schema_is_the_committed_one() {
    hold_equal("api/schema.graphql", &tenant_schema().sdl());
}

#[test]
fn the_operator_schema_is_the_committed_one() {
    hold_equal("api/operator.graphql", &operator_schema().sdl());
}

fn undescribed(path: &str, items: &Value, missing: &mut Vec<String>) {
    for item in items.as_array().into_iter().flatten() {
        let path = format!("{path}.{}", item["name"].as_str().unwrap());
        if item["description"].as_str().is_none_or(str::is_empty) {
            missing.push(path.clone());
        }
        undescribed(&path, &item["args"], missing);
    }
}

/// Scalars of GraphQL itself.
const BUILT_IN: [&str; 5] = ["ID", "String", "Int", "Float", "Boolean"];

#[tokio::test]
async fn every_type_field_argument_and_value_is_described() {
    for schema in [Schema::Tenant, Schema::Operator] {
        let mut missing = Vec::new();
        for ty in types_of(schema).await {
            let name = ty["name"].as_str().unwrap();
            for items in ["fields", "inputFields", "enumValues"] {
                undescribed(name, &ty[items], &mut missing);
            }
            let is_ours = !BUILT_IN.contains(&name);
            if is_ours && ty["description"].as_str().is_none_or(str::is_empty) {
                missing.push(name.to_owned());
            }
        }
        assert!(missing.is_empty(), "{schema:?}: {missing:#?}");
    }
}
