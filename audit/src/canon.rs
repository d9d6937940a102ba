//! The canonical form: RFC 8785 restricted until its implementations cannot differ.
//!
//! A document has at most 16 384 bytes of UTF-8 and at most 6 open containers. Keys are non-empty, of
//! `[a-z0-9_.]`, sorted by byte, without duplicates. There is no white space, float, null, negative number,
//! U+0000 or lone surrogate; integers end at 2^53 − 1; strings escape only what RFC 8785 makes them escape.

mod scan;
mod write;

use crate::value::{MAX_BYTE_LEN, Value};

pub(crate) use scan::Scan;
pub use write::write;
pub(crate) use write::{push_integer, push_string, push_value};

/// Why bytes are not canonical; `at` is the byte offset where the checker stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonError {
    /// Longer than the profile allows.
    #[error("the document is longer than {MAX_BYTE_LEN} bytes")]
    TooLong,
    /// Not UTF-8, which covers encoded surrogates.
    #[error("byte {at} is not UTF-8")]
    NotUtf8 {
        /// Byte offset.
        at: usize,
    },
    /// A byte that cannot stand there, white space included.
    #[error("unexpected or missing byte at {at}")]
    Syntax {
        /// Byte offset.
        at: usize,
    },
    /// More containers open than allowed.
    #[error("nested too deeply at byte {at}")]
    TooDeep {
        /// Byte offset.
        at: usize,
    },
    /// An empty key or one with a character outside `[a-z0-9_.]`.
    #[error("malformed key at byte {at}")]
    Key {
        /// Byte offset.
        at: usize,
    },
    /// A key that is not larger than the key before it.
    #[error("key out of order or repeated at byte {at}")]
    KeyOrder {
        /// Byte offset.
        at: usize,
    },
    /// A number with a sign, a fraction, an exponent, a leading zero, or above 2^53 − 1.
    #[error("malformed number at byte {at}")]
    Number {
        /// Byte offset.
        at: usize,
    },
    /// A raw control character, U+0000, or an escape that is not the canonical one.
    #[error("malformed string at byte {at}")]
    Text {
        /// Byte offset.
        at: usize,
    },
}

/// Accepts exactly the canonical documents: `check(x)` succeeds if and only if `write(&parse(x)?) == x`.
///
/// One pass, no allocation.
pub fn check(bytes: &[u8]) -> Result<(), CanonError> {
    let mut scan = Scan::new(bytes)?;
    scan.skip()?;
    scan.end()
}

/// Reads a canonical document; refuses everything [`check`] refuses.
pub fn parse(bytes: &[u8]) -> Result<Value, CanonError> {
    let mut scan = Scan::new(bytes)?;
    let value = scan.value()?;
    scan.end()?;
    Ok(value)
}

fn is_key_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.')
}

#[cfg(test)]
mod tests;
