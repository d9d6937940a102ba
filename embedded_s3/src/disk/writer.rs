//! Writing a blob and hashing it in the same pass.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use super::{Blob, Disk, Segment, sync_parent};
use crate::digest::{Algorithm, Digester, Digests};

/// A blob under construction. Dropping it deletes what was written.
pub(crate) struct BlobWriter {
    blob: Arc<Blob>,
    file: File,
    digester: Digester,
    byte_len: u64,
}

impl BlobWriter {
    pub(crate) fn create(disk: &Disk, algorithms: &[Algorithm]) -> io::Result<Self> {
        let (blob, file) = disk.create_blob()?;
        Ok(Self {
            blob,
            file,
            digester: Digester::new(algorithms),
            byte_len: 0,
        })
    }

    /// Appends `bytes`. Blocking; hashing costs about as much as writing.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digester.update(bytes);
        self.file.write_all(bytes)?;
        self.byte_len += bytes.len() as u64;
        Ok(())
    }

    /// Ends the pass. The bytes are not durable yet: compare the digests first, sync only what will be kept.
    pub(crate) fn finish(self) -> (Digests, Written) {
        let segment = Segment {
            blob: self.blob,
            byte_len: self.byte_len,
        };
        (
            self.digester.finish(),
            Written {
                segment,
                file: self.file,
            },
        )
    }
}

/// A complete blob that is not durable yet.
pub(crate) struct Written {
    segment: Segment,
    file: File,
}

impl Written {
    /// Makes the bytes and their name durable.
    pub(crate) fn sync(self) -> io::Result<Segment> {
        self.file.sync_all()?;
        sync_parent(&self.segment.blob.path())?;
        Ok(self.segment)
    }
}
