//! Values of the restricted JSON profile.

use std::collections::BTreeMap;

/// The largest integer of the profile, 2^53 − 1: the last one every JSON reader holds exactly.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// The largest number of containers that may be open at once.
pub const MAX_DEPTH: usize = 6;

/// The largest size of a document, in bytes.
pub const MAX_BYTE_LEN: usize = 16_384;

/// A JSON value of the profile: no float, no null, no negative number.
///
/// The type does not hold the limits on keys, characters, depth and size; [`crate::canon::check`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Members by key; keys are non-empty and of `[a-z0-9_.]`.
    Object(BTreeMap<String, Value>),
    /// Items in their order.
    Array(Vec<Value>),
    /// Any text without U+0000.
    String(String),
    /// True or false.
    Bool(bool),
    /// 0 to 2^53 − 1; make it with [`Value::integer`].
    Integer(u64),
}

/// The number does not fit the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number {0} is larger than 2^53 - 1")]
pub struct IntegerTooLarge(pub u64);

impl Value {
    /// An integer, if it is at most 2^53 − 1.
    pub fn integer(number: u64) -> Result<Value, IntegerTooLarge> {
        if number > MAX_INTEGER {
            return Err(IntegerTooLarge(number));
        }
        Ok(Value::Integer(number))
    }

    /// A string.
    pub fn string(text: impl Into<String>) -> Value {
        Value::String(text.into())
    }

    /// An object of the given members; of two with one key the later stays.
    pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    }

    /// An array of the given items.
    pub fn array(items: impl IntoIterator<Item = Value>) -> Value {
        Value::Array(items.into_iter().collect())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Integer(number.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_end_at_the_last_exact_double() {
        assert_eq!(
            Value::integer(9_007_199_254_740_991),
            Ok(Value::Integer(9_007_199_254_740_991))
        );
        assert_eq!(
            Value::integer(9_007_199_254_740_992),
            Err(IntegerTooLarge(9_007_199_254_740_992))
        );
    }
}
