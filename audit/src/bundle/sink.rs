//! Where a bundle is written to.

use std::io;

use super::{DISCLOSURES, Files};

/// Takes the files of a bundle as they are made, nearly in the order of [`super::Place`].
pub trait Sink {
    /// Adds a file.
    fn file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Adds to the one file that grows, `disclosures.ndjson`, in between other files; called once with nothing
    /// before there is a line.
    fn disclosures(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl Sink for Files {
    fn file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn disclosures(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0
            .entry(DISCLOSURES.to_owned())
            .or_default()
            .extend_from_slice(bytes);
        Ok(())
    }
}
