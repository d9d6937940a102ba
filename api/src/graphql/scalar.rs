//! Scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};

/// A whole number of up to 64 bits: bytes, tokens, positions. Given as a string, because JavaScript
/// loses digits above 2^53; taken as a string or an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BigInt(pub i64);

/// A whole number of up to 64 bits: bytes, tokens, positions. Given as a string, because JavaScript
/// loses digits above 2^53; taken as a string or an integer.
#[Scalar]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        number.map(Self).ok_or_else(|| {
            InputValueError::custom(
                "a BigInt is a whole number of up to 64 bits, as string or integer",
            )
        })
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
            || matches!(value, Value::Number(number) if is_whole(number))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

impl From<i64> for BigInt {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

/// A point in time, RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub chrono::DateTime<chrono::Utc>);

/// A point in time, RFC 3339 in UTC.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => chrono::DateTime::parse_from_rfc3339(text)
                .map(|time| Self(time.to_utc()))
                .map_err(|_| InputValueError::custom("a DateTime looks like 2026-11-21T09:30:00Z")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        let text = self.0.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        Value::String(text)
    }
}

impl From<chrono::DateTime<chrono::Utc>> for DateTime {
    fn from(time: chrono::DateTime<chrono::Utc>) -> Self {
        Self(time)
    }
}
