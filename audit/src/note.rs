//! Signed notes, as C2SP signed-note has them: a text, a blank line, and a line for each signature.
//!
//! A note says nothing until [`Note::verify`] has found the signature of a known key on it. Signatures of unknown
//! keys are ignored, so that more can be added; a wrong signature of a known key condemns the note. The format says
//! nothing about a key that signs twice: here every signature must hold.

mod key;
mod read;
mod sign;
mod verifier_key;
mod verify;

use std::fmt;

use data_encoding::BASE64;

pub use key::{CosignerKey, LogKey};
pub use verifier_key::{Algorithm, KeyError, VerifierKey, key_id, vkey};
pub use verify::Signer;

/// The largest note, in bytes.
pub const MAX_BYTE_LEN: usize = 1_000_000;

/// The largest number of lines in a text.
pub const MAX_LINES: usize = 1_000;

/// The largest number of signatures on a note.
pub const MAX_SIGNATURES: usize = 100;

/// A text and the signatures on it, verified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One line of signature, as it was read: only [`Note::verify`] knows whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key: non-empty, without white space and `+`.
    pub name: String,
    /// The first 4 bytes, which tell keys of one name apart; see [`key_id`].
    pub key_id: [u8; 4],
    /// What the key's algorithm made, one byte or more.
    pub bytes: Vec<u8>,
}

/// Why a note is not made, not read, or not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than [`MAX_BYTE_LEN`].
    #[error("the note is longer than {MAX_BYTE_LEN} bytes")]
    TooLong,
    /// The text has more lines than [`MAX_LINES`].
    #[error("the text has more than {MAX_LINES} lines")]
    TooManyLines,
    /// More signatures than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// Not UTF-8.
    #[error("byte {at} is not UTF-8")]
    NotUtf8 {
        /// Byte offset.
        at: usize,
    },
    /// A control character other than the newline.
    #[error("control character at byte {at}")]
    Control {
        /// Byte offset.
        at: usize,
    },
    /// The last line does not end.
    #[error("the last line has no newline")]
    Unterminated,
    /// No blank line with something behind it.
    #[error("there is no signature")]
    NoSignature,
    /// A line behind the blank line is not a signature.
    #[error("line {line} of the signatures is malformed")]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
    /// A name that is empty or has white space, a control character or `+`.
    #[error("the key name is malformed")]
    Name,
    /// A time that the format cannot hold.
    #[error("the time is beyond 2^63 - 1 seconds")]
    Time,
    /// Two of the known keys have the same name and key id.
    #[error("two known keys are called `{name}` and have the same id")]
    Ambiguous {
        /// The name of both.
        name: String,
    },
    /// The signature of a known key does not hold.
    #[error("the signature of `{name}` does not hold")]
    Forged {
        /// The name of the key.
        name: String,
    },
    /// No known key has signed.
    #[error("no known key has signed")]
    Unsigned,
}

impl Note {
    /// The text, its final newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures in their order, verified or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }
}

/// The note as it is stored and sent. Without a signature it cannot be read again.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// The line, without its newline.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_slice(), &self.bytes].concat();
        write!(f, "\u{2014} {} {}", self.name, BASE64.encode(&bytes))
    }
}

/// Whether a key can have this name: non-empty, without Unicode white space, control characters and `+`.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|char| char.is_whitespace() || char < ' ' || char == '+')
}

#[cfg(test)]
mod tests;
