//! One line of `disclosures.ndjson`: `{"seq":n,"d":["…",…]}` and a newline, with no other spelling.

use crate::encoding::decimal;

/// The longest line a reader takes. Disclosures of one entry have at most 10 240 bytes before base64.
pub(crate) const MAX_LINE: u64 = 1 << 15;

/// A line, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The entry.
    pub seq: u64,
    /// What stands between the brackets.
    texts: &'a str,
}

impl<'a> Line<'a> {
    /// The disclosure texts, in their order.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        // Between quotes stand, in turn, nothing or a comma, and a text.
        self.texts.split('"').skip(1).step_by(2)
    }
}

/// Adds the line of entry `seq`. The texts are base64url, as [`crate::disclosure`] makes them, and need no escapes.
pub fn push_line(out: &mut Vec<u8>, seq: u64, texts: &[&str]) {
    out.extend_from_slice(format!("{{\"seq\":{seq},\"d\":[").as_bytes());
    for (index, text) in texts.iter().enumerate() {
        let open: &[u8] = if index > 0 { b",\"" } else { b"\"" };
        out.extend_from_slice(open);
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b"]}\n");
}

/// Reads a line without its newline; `None` for anything [`push_line`] would not have written.
pub fn read_line(line: &[u8]) -> Option<Line<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    let (seq, texts) = line.strip_prefix("{\"seq\":")?.split_once(",\"d\":[")?;
    let texts = texts.strip_suffix("]}")?;
    let read = Line {
        seq: decimal(seq)?,
        texts,
    };
    is_list(texts).then_some(read)
}

/// Nothing, or quoted non-empty words of the alphabet, separated by commas.
fn is_list(texts: &str) -> bool {
    texts.is_empty()
        || texts.split(',').all(|quoted| {
            quoted
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
                .is_some_and(|text| !text.is_empty() && text.bytes().all(is_base64url))
        })
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
