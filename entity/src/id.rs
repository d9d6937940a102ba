//! Typed, prefixed ids: `fil_…` to clients, a uuid v7 in the database.

use std::{fmt, str::FromStr};

use data_encoding::{Encoding, Specification};
use sea_orm::{
    ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};
use uuid::Uuid;

/// A text that is not an id of the expected kind. Says so without repeating the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id")]
pub struct IdError {
    /// The prefix that was expected, such as `fil`.
    pub kind: &'static str,
}

/// Crockford's alphabet in lower case, no padding: 16 bytes are 26 characters.
static ALPHABET: std::sync::LazyLock<Option<Encoding>> = std::sync::LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.encoding().ok()
});

fn encode(uuid: Uuid) -> String {
    ALPHABET
        .as_ref()
        .map_or_else(|| uuid.to_string(), |e| e.encode(uuid.as_bytes()))
}

/// Strict: one spelling per id, so that an id can be a cache key and compared as text.
fn decode(text: &str) -> Option<Uuid> {
    let bytes = ALPHABET.as_ref()?.decode(text.as_bytes()).ok()?;
    Uuid::from_slice(&bytes).ok()
}

/// Reads a uuid from either backend: native on Postgres, text on SQLite.
fn read_uuid<I: ColIdx>(row: &QueryResult, index: I) -> Result<Uuid, TryGetError> {
    match String::try_get_by(row, index) {
        Ok(text) => Uuid::parse_str(&text)
            .map_err(|e| TryGetError::DbErr(DbErr::Type(format!("column is not a uuid: {e}")))),
        Err(TryGetError::Null(column)) => Err(TryGetError::Null(column)),
        Err(_) => Uuid::try_get_by(row, index),
    }
}

/// A newtype of a uuid as a column: native on Postgres, text on SQLite.
macro_rules! uuid_column {
    ($name:ident) => {
        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Value::Uuid(Some(id.0))
            }
        }

        impl TryGetable for $name {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                read_uuid(row, index).map(Self)
            }
        }

        impl ValueType for $name {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                <Uuid as ValueType>::try_from(value).map(Self)
            }

            fn type_name() -> String {
                stringify!($name).to_owned()
            }

            fn array_type() -> ArrayType {
                ArrayType::Uuid
            }

            fn column_type() -> ColumnType {
                ColumnType::Uuid
            }
        }

        impl Nullable for $name {
            fn null() -> Value {
                Value::Uuid(None)
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl sea_orm::IntoActiveValue<$name> for $name {
            fn into_active_value(self) -> sea_orm::ActiveValue<$name> {
                sea_orm::ActiveValue::Set(self)
            }
        }
    };
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub Uuid);

            impl $name {
                /// The text before the underscore.
                pub const PREFIX: &'static str = $prefix;

                /// A new id that sorts after those made before it (uuid v7).
                #[must_use]
                pub fn generate() -> Self {
                    Self(Uuid::now_v7())
                }

                /// The uuid, as the audit log and the database know it.
                #[must_use]
                pub fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}_{}", $prefix, encode(self.0))
                }
            }

            impl FromStr for $name {
                type Err = IdError;

                fn from_str(text: &str) -> Result<Self, IdError> {
                    text.strip_prefix($prefix)
                        .and_then(|rest| rest.strip_prefix('_'))
                        .and_then(decode)
                        .map(Self)
                        .ok_or(IdError { kind: $prefix })
                }
            }

            uuid_column!($name);
        )*

        /// An id of any kind, told apart by its prefix. What `node(id:)` takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(clippy::enum_variant_names, reason = "each is called as its type")]
        pub enum AnyId {
            $(
                #[doc = concat!("`", $prefix, "_…`")]
                $name($name),
            )*
        }

        impl FromStr for AnyId {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.split_once('_').map(|(prefix, _)| prefix) {
                    $(Some($prefix) => text.parse().map(Self::$name),)*
                    _ => Err(IdError { kind: "known" }),
                }
            }
        }

        impl AnyId {
            /// The uuid without its kind, as audit targets and actors name it.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                match self { $(Self::$name(id) => id.0,)* }
            }
        }

        impl fmt::Display for AnyId {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$name(id) => id.fmt(f),)* }
            }
        }

        #[cfg(test)]
        const PREFIXES: &[&str] = &[$($prefix),*];
    };
}

ids! {
    /// A tenant. The nil id is the deployment's own: the system log and work that is no tenant's.
    TenantId = "tnt";
    /// A person's account, across tenants.
    UserId = "usr";
    /// A membership: one user in one tenant. What the audit log calls a person.
    MemberId = "mem";
    /// A signed-in browser or shell of a user.
    SessionId = "ses";
    /// An invitation into a tenant.
    InvitationId = "inv";
    /// An API key (the record; the secret is never stored).
    ApiKeyId = "key";
    /// A file record.
    FileId = "fil";
    /// One way in for a file's bytes.
    UploadId = "upl";
    /// A quantity held against a quota.
    ReservationId = "rsv";
    /// A unit of background work.
    JobId = "job";
    /// An audit event, from the moment it is committed.
    EventId = "evt";
    /// An entry of a tenant's chain; the same uuid as its event.
    EntryId = "ent";
    /// A run of chain verification.
    VerificationId = "ver";
    /// An export of an audit log.
    AuditExportId = "exp";
    /// A legal hold on a tenant's log.
    HoldId = "hld";
    /// An operator of the deployment.
    OperatorId = "opr";
    /// A signed-in operator.
    OperatorSessionId = "ops";
}

/// An id whose kind another column of its row tells, such as who made a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BareId(pub Uuid);

impl BareId {
    /// The uuid.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

uuid_column!(BareId);

impl TenantId {
    /// The deployment itself: its log is the system log.
    pub const SYSTEM: Self = Self(Uuid::nil());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_are_distinct() {
        let distinct: std::collections::BTreeSet<_> = PREFIXES.iter().collect();
        assert_eq!(distinct.len(), PREFIXES.len());
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let file = FileId::generate().to_string();
        assert_eq!(file.parse::<UploadId>(), Err(IdError { kind: "upl" }));
        assert!(file.parse::<FileId>().is_ok());
    }

    proptest! {
        #[test]
        fn text_and_uuid_are_one_to_one(bytes: [u8; 16]) {
            let id = FileId(Uuid::from_bytes(bytes));
            let text = id.to_string();
            prop_assert_eq!(text.len(), 30);
            prop_assert_eq!(text.parse(), Ok(id));
            prop_assert_eq!(text.parse::<AnyId>().map(AnyId::uuid), Ok(id.0));
        }

        #[test]
        fn there_is_one_spelling(text in "fil_[0-9a-zA-Z]{20,30}") {
            if let Ok(id) = text.parse::<FileId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
