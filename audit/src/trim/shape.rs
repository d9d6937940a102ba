//! What each rule makes of a value.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Rule;
use crate::disclosure::{is_deeper, sorted};
use crate::hash::Hash;

/// Longest string that is left alone, in bytes.
pub const STRING_MAX: usize = 512;
/// What is kept of a longer one, in bytes, less what a character boundary takes.
pub const STRING_KEPT: usize = 256;
/// Longest array that is left alone.
pub const ARRAY_MAX: usize = 20;
/// Items kept of a longer one.
pub const ARRAY_KEPT: usize = 10;
/// Deepest nesting that is left alone, in open containers.
pub const DEPTH_MAX: usize = 6;

/// Every value shaped by `rules`.
pub(super) fn apply(values: &BTreeMap<String, Value>, rules: &[Rule]) -> BTreeMap<String, Value> {
    let names = |field: &str| field == "changes" && rules.contains(&Rule::Names);
    let shaped = |(field, value): (&String, &Value)| {
        let value = match value {
            Value::Object(_) if names(field) => collapsed(value),
            value => shape(value, rules, 1),
        };
        (field.clone(), value)
    };
    values.iter().map(shaped).collect()
}

/// `level` counts the open containers, the one `value` may be included.
fn shape(value: &Value, rules: &[Rule], level: usize) -> Value {
    // The replacement opens two containers itself: one level earlier it still ends at the deepest.
    if level == DEPTH_MAX - 1 && rules.contains(&Rule::Depth) && is_deeper(value, 2) {
        return collapsed(value);
    }
    match value {
        Value::String(text) if text.len() > STRING_MAX && rules.contains(&Rule::Strings) => {
            string(text)
        }
        Value::Array(items) => {
            let long = items.len() > ARRAY_MAX && rules.contains(&Rule::Arrays);
            let kept = if long { ARRAY_KEPT } else { items.len() };
            let shaped: Vec<Value> = items
                .iter()
                .take(kept)
                .map(|item| shape(item, rules, level + 1))
                .collect();
            if long {
                array(value, shaped, items.len() - kept)
            } else {
                Value::Array(shaped)
            }
        }
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), shape(value, rules, level + 1)))
            .collect(),
        scalar => scalar.clone(),
    }
}

fn string(text: &str) -> Value {
    let kept = &text[..text.floor_char_boundary(STRING_KEPT)];
    json!({ "$more": text.len() - kept.len(), "$text": kept, "sha256": Hash::of(text.as_bytes()).to_hex() })
}

fn array(original: &Value, items: Vec<Value>, more: usize) -> Value {
    json!({ "$items": items, "$more": more, "sha256": hash(original) })
}

fn collapsed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<_> = members.keys().collect();
            keys.sort_unstable();
            json!({ "$keys": keys, "sha256": hash(value) })
        }
        Value::Array(items) => array(value, Vec::new(), items.len()),
        scalar => scalar.clone(),
    }
}

/// What is left of a value for which nothing else helped.
pub(super) fn value(original: &Value) -> Value {
    let json = sorted(original).to_string();
    json!({ "$trim": "value", "len": json.len(), "sha256": Hash::of(json.as_bytes()).to_hex() })
}

/// Whether binary was replaced somewhere in `value`.
pub(super) fn has_bytes(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.get("$trim").is_some_and(|kind| kind == "bytes")
                || members.values().any(has_bytes)
        }
        Value::Array(items) => items.iter().any(has_bytes),
        _ => false,
    }
}

fn hash(value: &Value) -> String {
    Hash::of(sorted(value).to_string().as_bytes()).to_hex()
}
