//! The `Content-Disposition` header.

use std::fmt::Write as _;

use crate::Filename;

/// What a browser should do with a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Show it, if it can.
    Inline,
    /// Save it.
    Attachment,
}

impl Disposition {
    /// The token of RFC 6266, section 4.2.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Attachment => "attachment",
        }
    }
}

/// The value of a `Content-Disposition` header (RFC 6266) that names the file.
///
/// Printable ASCII whatever the name, so nothing in a name can end the value or the header. `filename` carries a
/// plain copy with `_` for every character that needs care; when that copy differs, `filename*` carries the name
/// itself (RFC 8187), which every current client prefers.
pub fn content_disposition(disposition: Disposition, name: &Filename) -> String {
    let plain: String = name
        .stored()
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let mut value = format!("{}; filename=\"{plain}\"", disposition.as_str());
    if plain != name.stored() {
        value.push_str("; filename*=UTF-8''");
        percent_encode(name.stored(), &mut value);
    }
    value
}

/// `%` is not plain, because some clients decode it in `filename` (RFC 6266, appendix D).
fn is_plain(c: char) -> bool {
    (c == ' ' || c.is_ascii_graphic()) && !matches!(c, '"' | '\\' | '%')
}

/// Everything but `attr-char` of RFC 8187, section 3.2.1.
fn percent_encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}
