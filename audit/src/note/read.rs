//! From bytes to a note.

use super::{MAX_BYTE_LEN, MAX_LINES, MAX_SIGNATURES, Note, NoteError, Signature, is_name};
use crate::encoding::base64;

impl Note {
    /// Reads a note. What it accepts, [`Note`] writes again byte for byte.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > MAX_BYTE_LEN {
            return Err(NoteError::TooLong);
        }
        let note = std::str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        check_characters(note)?;
        // The text may have blank lines of its own: the last one divides.
        let blank = note.rfind("\n\n").ok_or(NoteError::NoSignature)?;
        let text = &note[..=blank];
        check_lines(text)?;
        Ok(Note {
            text: text.to_owned(),
            signatures: signatures(&note[blank + 2..])?,
        })
    }
}

pub(super) fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_BYTE_LEN {
        return Err(NoteError::TooLong);
    }
    check_characters(text)?;
    check_lines(text)
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    let control = |byte| byte < b' ' && byte != b'\n';
    if let Some(at) = text.bytes().position(control) {
        return Err(NoteError::Control { at });
    }
    if text.ends_with('\n') {
        Ok(())
    } else {
        Err(NoteError::Unterminated)
    }
}

fn check_lines(text: &str) -> Result<(), NoteError> {
    if text.lines().nth(MAX_LINES).is_some() {
        return Err(NoteError::TooManyLines);
    }
    Ok(())
}

fn signatures(block: &str) -> Result<Vec<Signature>, NoteError> {
    if block.is_empty() {
        return Err(NoteError::NoSignature);
    }
    if block.lines().nth(MAX_SIGNATURES).is_some() {
        return Err(NoteError::TooManySignatures);
    }
    (1..)
        .zip(block.lines())
        .map(|(line, text)| signature(text).ok_or(NoteError::Malformed { line }))
        .collect()
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = base64(encoded)?;
    let (key_id, bytes) = bytes.split_first_chunk::<4>()?;
    (is_name(name) && !bytes.is_empty()).then(|| Signature {
        name: name.to_owned(),
        key_id: *key_id,
        bytes: bytes.to_vec(),
    })
}
