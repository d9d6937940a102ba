//! The client's own name for the thing a file belongs to.

use std::fmt;
use std::str::FromStr;

use crate::text::serde_as_text;

/// The client's own name for the thing a file belongs to: `[A-Za-z0-9._-]{1,128}`, not `.` or `..`.
///
/// It becomes one segment of object keys and addresses, so nothing in it ever needs escaping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(String);

/// A text that is not an [`ObjectId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "objectId must be 1 to {} characters of A-Z, a-z, 0-9, '.', '_' or '-', and neither '.' nor '..'",
    ObjectId::MAX_LEN
)]
pub struct ObjectIdError;

impl ObjectId {
    /// The longest one, in characters and bytes alike.
    pub const MAX_LEN: usize = 128;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        let clean = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if fits && clean && text != "." && text != ".." {
            Ok(Self(text.to_owned()))
        } else {
            Err(ObjectIdError)
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ObjectId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

serde_as_text!(ObjectId);
