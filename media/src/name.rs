//! File names from outside, made safe to store.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// A file name that can be one segment of an object key, of an address and of a path on any system.
///
/// Keeps two texts: the client's own, for showing to people (escape it: it may hold anything but NUL and
/// separators), and the cleaned one, for everything else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filename {
    original: String,
    cleaned: String,
}

/// Why a text cannot be a file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left after cleaning.
    #[error("filename is empty, or has nothing visible in it; name the file")]
    Empty,
    /// The name is `.` or `..`, which mean directories.
    #[error("filename must not be '.' or '..'; name the file")]
    Directory,
    /// The name holds `/`, `\` or NUL.
    #[error("filename must not contain '/', '\\' or NUL; send the name without its path")]
    Separator,
    /// The name is too long. It is refused and not cut, because a cut name may lose its extension or its difference
    /// from another one.
    #[error(
        "filename is {byte_len} bytes long, at most {} are possible; shorten it",
        Filename::MAX_BYTES
    )]
    TooLong {
        /// How long it is, in bytes of UTF-8.
        byte_len: usize,
    },
}

impl Filename {
    /// The longest cleaned name, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 255;

    /// The longest original, in bytes of UTF-8: invisible characters do not count towards the cleaned name.
    const MAX_ORIGINAL_BYTES: usize = 1_024;

    /// Cleans `original`, or says why that is impossible.
    ///
    /// Control, bidirectional, zero-width and other invisible formatting characters are dropped, the rest is put
    /// into NFC, white space around it and dots and spaces at its end are dropped (Windows drops them too), and a
    /// name that Windows keeps for a device gets a `_` in front. Separators and NUL are refused, not repaired:
    /// they say that the caller means a path. Cleaning a cleaned name changes nothing.
    pub fn clean(original: &str) -> Result<Self, NameError> {
        if original.contains(['/', '\\', '\0']) {
            return Err(NameError::Separator);
        }
        if original.len() > Self::MAX_ORIGINAL_BYTES {
            return Err(NameError::TooLong {
                byte_len: original.len(),
            });
        }
        let visible: String = original
            .chars()
            .filter(|c| !is_invisible(*c))
            .nfc()
            .collect();
        if matches!(visible.trim(), "." | "..") {
            return Err(NameError::Directory);
        }
        let cleaned = visible
            .trim_end_matches(|c: char| c == '.' || c.is_whitespace())
            .trim_start();
        let cleaned = if is_device(cleaned) {
            format!("_{cleaned}")
        } else {
            cleaned.to_owned()
        };
        match cleaned.len() {
            0 => Err(NameError::Empty),
            1..=Self::MAX_BYTES => Ok(Self {
                original: original.to_owned(),
                cleaned,
            }),
            byte_len => Err(NameError::TooLong { byte_len }),
        }
    }

    /// The name as the client sent it.
    pub fn display(&self) -> &str {
        &self.original
    }

    /// The cleaned name: NFC, visible characters only, no separator, 1 to 255 bytes.
    pub fn stored(&self) -> &str {
        &self.cleaned
    }

    /// What follows the last dot, in lower case; none for `.profile`, for `name` and for `a b.c d`.
    pub fn extension(&self) -> Option<String> {
        let (stem, extension) = self.cleaned.rsplit_once('.')?;
        let plausible = !stem.is_empty()
            && !extension.is_empty()
            && extension.bytes().all(|b| b.is_ascii_alphanumeric());
        plausible.then(|| extension.to_ascii_lowercase())
    }
}

impl fmt::Display for Filename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cleaned)
    }
}

/// Characters that change how a name looks without being seen: Unicode's control characters, its default-ignorable
/// format characters (bidirectional marks, joiners, tags) and its line separators.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether Windows keeps the name for a device, whatever its extension ("Naming Files, Paths, and Namespaces").
fn is_device(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or(name)
        .trim_end()
        .to_ascii_uppercase();
    if matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) {
        return true;
    }
    let port = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    port.is_some_and(|number| {
        matches!(number, "¹" | "²" | "³") || matches!(number.as_bytes(), [b'0'..=b'9'])
    })
}
