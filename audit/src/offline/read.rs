//! The files of a bundle in their order, each bounded before it is read.

use crate::bundle::{FileDigest, FileHead, Place, ReadError, Walk};
use crate::hash::Hash;

/// Bytes of a manifest for each file it can list, generously, and altogether.
const MANIFEST_ROW: u64 = 256;
const MAX_MANIFEST: u64 = 1 << 28;

/// Reads files one after the other.
pub(super) struct Files<W> {
    walk: W,
    /// The next file.
    head: Option<(FileHead, Place)>,
    /// The log's size, which bounds what is taken; 0 until it is known.
    size: u64,
    /// Files taken or passed over.
    count: u64,
}

impl<W: Walk> Files<W> {
    /// Goes to the first file.
    pub(super) fn open(mut walk: W) -> Result<Files<W>, ReadError> {
        let head = walk.next()?;
        let mut files = Files {
            walk,
            head: None,
            size: 0,
            count: 0,
        };
        files.head = files.place(head)?;
        Ok(files)
    }

    /// Says how large the log is, so that files are not bounded by an empty one.
    pub(super) fn expect_size(&mut self, size: u64) {
        self.size = size;
    }

    /// The place of the next file.
    pub(super) fn peek(&self) -> Option<&Place> {
        self.head.as_ref().map(|(_, place)| place)
    }

    /// The next file's path.
    pub(super) fn path(&self) -> Option<&str> {
        self.head.as_ref().map(|(head, _)| head.path.as_str())
    }

    /// Reads the next file.
    pub(super) fn take(&mut self) -> Result<(String, Vec<u8>), ReadError> {
        let Some((head, place)) = self.head.take() else {
            return Err(ReadError::Malformed("the bundle ends early".to_owned()));
        };
        self.check_len(&head, &place)?;
        let bytes = self.read(&head)?;
        self.advance(&place)?;
        Ok((head.path, bytes))
    }

    /// Reads as many bytes as the medium says there are, which were found to be few enough.
    fn read(&mut self, head: &FileHead) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; usize::try_from(head.len).unwrap_or_default()];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.walk.read(&mut bytes[filled..])? {
                0 => return Err(malformed(head, "is shorter than it should be")),
                len => filled += len,
            }
        }
        if self.walk.read(&mut [0])? > 0 {
            return Err(malformed(head, "is longer than it should be"));
        }
        Ok(bytes)
    }

    /// Goes over the next file, whose length may be large but not absurd.
    pub(super) fn pass_over(&mut self) -> Result<(), ReadError> {
        let Some((head, place)) = self.head.take() else {
            return Ok(());
        };
        self.check_len(&head, &place)?;
        self.advance(&place)
    }

    /// The walk, with the next file unread.
    pub(super) fn into_walk(self) -> W {
        self.walk
    }

    fn check_len(&self, head: &FileHead, place: &Place) -> Result<(), ReadError> {
        let manifest = MAX_MANIFEST.min((self.count + 4) * MANIFEST_ROW);
        if head.len > place.max_len(self.size).unwrap_or(manifest) {
            return Err(malformed(head, "is longer than it can be"));
        }
        Ok(())
    }

    fn advance(&mut self, last: &Place) -> Result<(), ReadError> {
        self.count += 1;
        let head = self.walk.next()?;
        self.head = self.place(head)?;
        match &self.head {
            Some((head, place)) if place <= last => {
                Err(malformed(head, "is there twice, or not where it belongs"))
            }
            _ => Ok(()),
        }
    }

    fn place(&self, head: Option<FileHead>) -> Result<Option<(FileHead, Place)>, ReadError> {
        let Some(head) = head else { return Ok(None) };
        match Place::of(&head.path) {
            Some(place) => Ok(Some((head, place))),
            None => Err(malformed(&head, "is no file of a bundle")),
        }
    }
}

fn malformed(head: &FileHead, reason: &str) -> ReadError {
    // A path may hold anything; it is shown, not used.
    let path: String = head.path.chars().take(120).collect();
    ReadError::Malformed(format!("{} {reason}", path.escape_debug()))
}

/// The manifest's line for a file.
pub(super) fn digest(path: String, bytes: &[u8]) -> FileDigest {
    FileDigest {
        path,
        len: bytes.len() as u64,
        sha256: Hash::of(bytes),
    }
}
