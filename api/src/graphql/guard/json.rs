//! Reads a JSON text's bytes for nesting, before a parser does.

/// Most brackets open at once in `json`, or `None` when that exceeds `limit`.
///
/// Strings are skipped by the rules of RFC 8259, section 7. Whether the text is JSON at all is not
/// judged: a parser that stops early has seen no more brackets than were counted.
#[must_use]
pub fn scan_json(json: &[u8], limit: usize) -> Option<usize> {
    let (mut open, mut deepest) = (0_usize, 0_usize);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
                if deepest > limit {
                    return None;
                }
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    Some(deepest)
}

/// An unterminated string ends the text, for a parser as well.
fn skip_string<'a>(bytes: &mut impl Iterator<Item = &'a u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}
