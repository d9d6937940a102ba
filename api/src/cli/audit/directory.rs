//! A bundle as a directory of files.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use audit::bundle::{DISCLOSURES, Sink};

/// A new directory that takes the files of a bundle.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// Open from its first byte on, because it grows in between the others.
    disclosures: Option<File>,
}

impl Directory {
    /// Makes the directory; one that has something in it is refused.
    pub(super) fn make(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        if fs::read_dir(root)?.next().is_some() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        Ok(Self {
            root: root.to_owned(),
            disclosures: None,
        })
    }

    /// Nothing is written over.
    fn create(&self, path: &str) -> io::Result<File> {
        let path = self.root.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        OpenOptions::new().write(true).create_new(true).open(path)
    }
}

impl Sink for Directory {
    fn file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.create(path)?.write_all(bytes)
    }

    fn disclosures(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = match self.disclosures.take() {
            Some(file) => file,
            None => self.create(DISCLOSURES)?,
        };
        file.write_all(bytes)?;
        self.disclosures = Some(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_where_their_paths_say_and_a_used_directory_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("bundle");
        let mut directory = Directory::make(&root).unwrap();
        directory.disclosures(b"").unwrap();
        directory.file("tile/0/000", b"hashes").unwrap();
        directory.disclosures(b"one\n").unwrap();
        directory.disclosures(b"two\n").unwrap();
        assert_eq!(fs::read(root.join("tile/0/000")).unwrap(), b"hashes");
        assert_eq!(fs::read(root.join(DISCLOSURES)).unwrap(), b"one\ntwo\n");
        let refused = Directory::make(&root).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::DirectoryNotEmpty);
    }
}
