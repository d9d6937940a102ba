//! Words of the domain (`Role`, `FileState`, …) as text columns.

use std::{fmt::Display, ops::Deref, str::FromStr};

use sea_orm::{
    ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

/// A word of the `policy` crate in a text column: written with `Display`, read with `FromStr`.
///
/// `policy` knows no database, so the words cannot carry these impls themselves. A text the word
/// does not know is an error of the row, never a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<W>(pub W);

impl<W> Deref for Text<W> {
    type Target = W;

    fn deref(&self) -> &W {
        &self.0
    }
}

impl<W> From<W> for Text<W> {
    fn from(word: W) -> Self {
        Self(word)
    }
}

impl<W: Display> From<Text<W>> for Value {
    fn from(text: Text<W>) -> Self {
        Value::String(Some(text.0.to_string()))
    }
}

impl<W: FromStr> TryGetable for Text<W> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let text = String::try_get_by(row, index)?;
        text.parse().map(Self).map_err(|_| {
            TryGetError::DbErr(DbErr::Type(format!(
                "{text:?} is not a {}",
                std::any::type_name::<W>()
            )))
        })
    }
}

impl<W: FromStr + Display> ValueType for Text<W> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <String as ValueType>::try_from(value)?
            .parse()
            .map(Self)
            .map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        "Text".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::Text
    }
}

impl<W> Nullable for Text<W> {
    fn null() -> Value {
        Value::String(None)
    }
}

impl<W> sea_orm::TryFromU64 for Text<W> {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Text"))
    }
}

impl<W: Display> sea_orm::IntoActiveValue<Text<W>> for Text<W>
where
    Value: From<Text<W>>,
{
    fn into_active_value(self) -> sea_orm::ActiveValue<Text<W>> {
        sea_orm::ActiveValue::Set(self)
    }
}
