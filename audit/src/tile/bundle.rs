//! The entries of a tile, one after the other, each behind its length.

use super::WIDTH;

/// The largest bundle, in bytes: 256 entries of the largest length.
pub const MAX_BUNDLE_LEN: usize = WIDTH as usize * (2 + u16::MAX as usize);

/// Why bytes are not a bundle of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry or its length ends too early.
    #[error("entry {entry} of the bundle is cut at byte {at}")]
    Cut {
        /// Counted from 0 in the bundle.
        entry: u16,
        /// Byte offset where it begins.
        at: usize,
    },
    /// More entries than a bundle holds.
    #[error("the bundle has more than {WIDTH} entries")]
    TooMany,
    /// An entry that two bytes cannot give the length of.
    #[error("entry {entry} is longer than 65535 bytes")]
    TooLong {
        /// Counted from 0 in the bundle.
        entry: u16,
    },
}

/// Writes a bundle: of each entry its length in two bytes, the high one first, and its bytes.
pub fn write_bundle<'a>(
    entries: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, BundleError> {
    let mut bundle = Vec::new();
    for (number, bytes) in (0..).zip(entries) {
        if number == WIDTH {
            return Err(BundleError::TooMany);
        }
        let len = u16::try_from(bytes.len()).map_err(|_| BundleError::TooLong { entry: number })?;
        bundle.extend(len.to_be_bytes());
        bundle.extend(bytes);
    }
    Ok(bundle)
}

/// The entries of a bundle in their order, borrowed from it. Ends with the first error; how many there should be
/// the caller knows from the tile.
pub fn entries(bundle: &[u8]) -> Entries<'_> {
    Entries {
        bundle,
        at: 0,
        next: 0,
    }
}

/// See [`entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bundle: &'a [u8],
    at: usize,
    next: u16,
}

impl<'a> Entries<'a> {
    fn read(&mut self) -> Result<&'a [u8], BundleError> {
        if self.next == WIDTH {
            return Err(BundleError::TooMany);
        }
        let cut = BundleError::Cut {
            entry: self.next,
            at: self.at,
        };
        let rest = self.bundle.get(self.at..).unwrap_or_default();
        let (len, rest) = rest.split_first_chunk::<2>().ok_or(cut)?;
        let len = usize::from(u16::from_be_bytes(*len));
        let entry = rest.get(..len).ok_or(cut)?;
        self.at += 2 + len;
        self.next += 1;
        Ok(entry)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<&'a [u8], BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bundle.len() {
            return None;
        }
        let entry = self.read();
        if entry.is_err() {
            self.at = self.bundle.len();
        }
        Some(entry)
    }
}
