//! Members of an entry's `meta`.

use std::collections::BTreeMap;

use crate::canon;
use crate::entry::EntryRef;
use crate::value::Value;

/// An object of the profile.
pub type Members = BTreeMap<String, Value>;

/// The `meta` of an entry.
pub(crate) fn of_entry(entry: &EntryRef<'_>) -> Option<Members> {
    match canon::parse(entry.meta.as_bytes()) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// A member that is a text.
pub fn text(meta: &Members, key: &str) -> Option<String> {
    match meta.get(key)? {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A member that is a number.
pub fn integer(meta: &Members, key: &str) -> Option<u64> {
    match meta.get(key)? {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn array<'a>(meta: &'a Members, key: &str) -> Option<&'a [Value]> {
    match meta.get(key)? {
        Value::Array(items) => Some(items),
        _ => None,
    }
}
