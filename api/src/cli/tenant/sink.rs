//! Where an export goes: a directory or an archive, which has its name only once it is whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempDir};

/// The name of the list of files and their hashes, in the form `sha256sum --check` reads.
pub(super) const LIST: &str = "SHA256SUMS";
const ARCHIVE: &str = ".tar.zst";
/// Compression level; from here on, ratio costs more time than it saves.
const LEVEL: i32 = 3;

/// An export that is being written.
pub(super) struct Sink {
    out: PathBuf,
    place: Place,
    list: File,
    files: u64,
}

enum Place {
    Directory(TempDir),
    Archive {
        tar: Box<tar::Builder<zstd::Encoder<'static, File>>>,
        file: NamedTempFile,
    },
}

/// A file of it.
pub(super) struct Entry {
    path: String,
    file: BufWriter<File>,
    hash: Sha256,
    byte_len: u64,
}

/// An export that is whole.
pub(super) struct Whole {
    /// How many files it has, the list left out.
    pub(super) files: u64,
    /// SHA-256 of the list, lower-case hex.
    pub(super) list: String,
}

impl Entry {
    fn new(path: &str, file: File) -> Self {
        Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            hash: Sha256::new(),
            byte_len: 0,
        }
    }

    /// How much was written.
    pub(super) fn byte_len(&self) -> u64 {
        self.byte_len
    }
}

impl Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let (taken, _) = bytes.split_at(written);
        self.hash.update(taken);
        self.byte_len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink {
    /// Begins an export that will be called `out`; what is there already is not written over.
    pub(super) fn create(out: &Path) -> io::Result<Self> {
        if out.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        let mut temporary = tempfile::Builder::new();
        temporary.prefix(&prefix).suffix(".partial");
        let place = if name.ends_with(ARCHIVE) {
            let file = temporary.tempfile_in(parent)?;
            let encoder = zstd::Encoder::new(file.reopen()?, LEVEL)?;
            Place::Archive {
                tar: Box::new(tar::Builder::new(encoder)),
                file,
            }
        } else {
            Place::Directory(temporary.tempdir_in(parent)?)
        };
        Ok(Self {
            out: out.to_owned(),
            place,
            list: tempfile::tempfile()?,
            files: 0,
        })
    }

    /// Begins a file.
    pub(super) fn begin(&self, path: &str) -> io::Result<Entry> {
        let file = match &self.place {
            Place::Archive { .. } => tempfile::tempfile()?,
            Place::Directory(dir) => {
                let path = dir.path().join(path);
                fs::create_dir_all(path.parent().unwrap_or(dir.path()))?;
                OpenOptions::new().write(true).create_new(true).open(path)?
            }
        };
        Ok(Entry::new(path, file))
    }

    /// Ends a file; it stands in the list from now on. Gives its SHA-256.
    pub(super) fn end(&mut self, entry: Entry) -> io::Result<[u8; 32]> {
        let (path, sha256) = (entry.path.clone(), self.store(entry)?);
        let hex = HEXLOWER.encode(&sha256);
        writeln!(self.list, "{hex}  {path}")?;
        self.files += 1;
        Ok(sha256)
    }

    fn store(&mut self, entry: Entry) -> io::Result<[u8; 32]> {
        let file = entry.file.into_inner();
        let mut file = file.map_err(io::IntoInnerError::into_error)?;
        match &mut self.place {
            Place::Directory(_) => file.sync_data()?,
            Place::Archive { tar, .. } => {
                file.rewind()?;
                let mut header = tar::Header::new_gnu();
                header.set_size(entry.byte_len);
                header.set_mode(0o600);
                tar.append_data(&mut header, &entry.path, file)?;
            }
        }
        Ok(entry.hash.finalize().into())
    }

    /// Adds the list and gives the export its name.
    pub(super) fn finish(mut self) -> io::Result<Whole> {
        self.list.rewind()?;
        let mut entry = self.begin(LIST)?;
        io::copy(&mut self.list, &mut entry)?;
        let list = HEXLOWER.encode(&self.store(entry)?);
        match self.place {
            Place::Directory(dir) => fs::rename(dir.keep(), &self.out)?,
            Place::Archive { tar, file } => {
                tar.into_inner()?.finish()?.sync_all()?;
                file.persist_noclobber(&self.out)?;
            }
        }
        Ok(Whole {
            files: self.files,
            list,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(out: &Path) -> io::Result<Whole> {
        let mut sink = Sink::create(out)?;
        let long = format!("objects/{}/a.txt", "x".repeat(200));
        for (path, text) in [("tenant.ndjson", "{}\n"), (&long, "hello")] {
            let mut entry = sink.begin(path)?;
            entry.write_all(text.as_bytes())?;
            sink.end(entry)?;
        }
        sink.finish()
    }

    #[test]
    fn a_directory_and_an_archive_have_the_same_files_and_the_list_holds_their_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, packed) = (dir.path().join("out"), dir.path().join("out.tar.zst"));
        let list = write(&plain).unwrap().list;
        let whole = write(&packed).unwrap();
        assert_eq!((whole.files, &whole.list), (2, &list));
        let text = fs::read_to_string(plain.join(LIST)).unwrap();
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert!(text.contains(hello), "{text}");
        let archive = zstd::Decoder::new(File::open(&packed).unwrap()).unwrap();
        let mut archive = tar::Archive::new(archive);
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().into_owned();
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            assert_eq!(fs::read(plain.join(path)).unwrap(), bytes);
        }
    }

    #[test]
    fn nothing_is_written_over_and_what_breaks_off_leaves_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let broken = Sink::create(&out).unwrap();
        drop(broken);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        write(&out).unwrap();
        let refused = Sink::create(&out).err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    }
}
