//! Text, and the formats whose files are text.

use super::{Kind, Sniffed, cut};

/// Text, or a format written in text. None for anything that is not UTF-8 without NUL and control characters.
pub(super) fn sniff(head: &[u8], is_whole: bool) -> Option<Sniffed> {
    let start = cut::start(head);
    if start.starts_with(b"%PDF-") {
        return Some(Sniffed::new("application/pdf", Kind::Document));
    }
    let text = utf8(head, is_whole)?;
    if text.chars().any(is_foreign) {
        return None;
    }
    if start.starts_with(b"{\\rtf") {
        return Some(Sniffed::new("application/rtf", Kind::Document));
    }
    Some(Sniffed::new("text/plain", Kind::Text))
}

/// The head as text; a character cut in two by the end of the head is forgiven when the file goes on.
fn utf8(head: &[u8], is_whole: bool) -> Option<&str> {
    match std::str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && !is_whole => head
            .get(..error.valid_up_to())
            .and_then(|valid| std::str::from_utf8(valid).ok()),
        Err(_) => None,
    }
}

/// Control characters that no text has. Escape, form feed and backspace occur in logs and old listings.
fn is_foreign(c: char) -> bool {
    c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{8}' | '\u{c}' | '\u{1b}')
}

/// UTF-16 with a byte order mark, decoded; what cannot be decoded becomes U+FFFD.
pub(super) fn from_utf16(head: &[u8]) -> Option<String> {
    let (is_little, body) = match head {
        [0xff, 0xfe, body @ ..] => (true, body),
        [0xfe, 0xff, body @ ..] => (false, body),
        _ => return None,
    };
    let pairs = body
        .chunks_exact(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
    let units = pairs.map(|pair| {
        if is_little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        }
    });
    Some(
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    )
}
