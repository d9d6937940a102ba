//! Passwords and tokens in inputs and answers: a `String` to GraphQL that `Debug` does not show.

use std::{borrow::Cow, fmt, ops::Deref};

use async_graphql::{InputType, InputValueError, InputValueResult, Value, registry};
use secrecy::SecretString;

/// A text that is never logged.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Deref for Secret {
    type Target = SecretString;

    fn deref(&self) -> &SecretString {
        &self.0
    }
}

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl From<Secret> for SecretString {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl InputType for Secret {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <String as InputType>::type_name()
    }

    fn create_type_info(registry: &mut registry::Registry) -> String {
        <String as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => Ok(Self(text.into())),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String("(not shown)".to_owned())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
