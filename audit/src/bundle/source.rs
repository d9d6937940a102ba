//! Where a bundle is read from.

use std::collections::BTreeMap;
use std::io;

use super::Place;

/// Why a bundle cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The medium failed. That says nothing about the bundle.
    #[error("the bundle cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The bytes are there and are not the bundle that was written.
    #[error("{0}")]
    Malformed(String),
    /// The input has nothing of a bundle: a mistake, and no evidence.
    #[error("this is not a bundle: {0}")]
    Foreign(String),
}

/// A bundle that can be walked from its beginning more than once.
///
/// Entries and disclosures lie apart and are checked together: a verification holds two walks open at once.
pub trait Source: Sync {
    /// One pass.
    type Walk<'a>: Walk
    where
        Self: 'a;

    /// Starts a pass before the first file.
    fn walk(&self) -> Result<Self::Walk<'_>, ReadError>;
}

/// One pass over the files of a bundle, in the order of [`Place`].
pub trait Walk: Send {
    /// Goes to the next file, over whatever is left of the present one; `None` behind the last.
    ///
    /// The order is not checked here, and `len` is what the medium claims: the reader bounds both.
    fn next(&mut self) -> Result<Option<FileHead>, ReadError>;

    /// Reads some bytes of the present file; 0 at its end.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError>;
}

impl<W: Walk> Walk for &mut W {
    fn next(&mut self) -> Result<Option<FileHead>, ReadError> {
        W::next(self)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        W::read(self, buffer)
    }
}

/// What is known of a file before its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHead {
    /// The path inside the bundle, as the medium has it.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
}

/// A bundle in memory: bytes by path. Files that no bundle has come last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Source for Files {
    type Walk<'a> = FilesWalk<'a>;

    fn walk(&self) -> Result<FilesWalk<'_>, ReadError> {
        let mut rest: Vec<_> = self
            .0
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
            .collect();
        rest.sort_by_cached_key(|(path, _)| std::cmp::Reverse(order(path)));
        Ok(FilesWalk { rest, bytes: &[] })
    }
}

/// Sorts paths as a bundle has them; unknown ones go last.
fn order(path: &str) -> (bool, Option<Place>) {
    let place = Place::of(path);
    (place.is_none(), place)
}

/// A pass over [`Files`].
#[derive(Debug)]
pub struct FilesWalk<'a> {
    /// Last file first.
    rest: Vec<(&'a str, &'a [u8])>,
    bytes: &'a [u8],
}

impl Walk for FilesWalk<'_> {
    fn next(&mut self) -> Result<Option<FileHead>, ReadError> {
        let Some((path, bytes)) = self.rest.pop() else {
            return Ok(None);
        };
        self.bytes = bytes;
        Ok(Some(FileHead {
            path: path.to_owned(),
            len: bytes.len() as u64,
        }))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let len = buffer.len().min(self.bytes.len());
        let (now, later) = self.bytes.split_at(len);
        buffer[..len].copy_from_slice(now);
        self.bytes = later;
        Ok(len)
    }
}
