//! A bundle as a directory.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use audit::bundle::{FileHead, Place, ReadError, Source, Walk};

/// How deep the paths of a bundle go, and no deeper.
const MAX_DEPTH: usize = 12;

/// A bundle whose files were unpacked.
pub(crate) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(crate) fn new(root: &Path) -> Directory {
        Directory {
            root: root.to_owned(),
        }
    }
}

impl Source for Directory {
    type Walk<'a> = DirectoryWalk<'a>;

    fn walk(&self) -> Result<DirectoryWalk<'_>, ReadError> {
        let mut rest = Vec::new();
        list(&self.root, "", 0, &mut rest)?;
        rest.sort_by_cached_key(|path| {
            let place = Place::of(path);
            std::cmp::Reverse((place.is_none(), place))
        });
        if rest.last().is_none_or(|path| Place::of(path).is_none()) {
            return Err(ReadError::Foreign(
                "no file of one in this directory".to_owned(),
            ));
        }
        Ok(DirectoryWalk {
            root: &self.root,
            rest,
            file: None,
        })
    }
}

/// Adds the paths of all files below `root` that begin with `prefix`.
fn list(root: &Path, prefix: &str, depth: usize, paths: &mut Vec<String>) -> Result<(), ReadError> {
    for entry in fs::read_dir(root.join(prefix))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name
            .to_str()
            .ok_or_else(|| refused(prefix, "has a name that is not text"))?;
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < MAX_DEPTH {
            list(root, &format!("{path}/"), depth + 1, paths)?;
        } else if kind.is_file() {
            paths.push(path);
        } else {
            return Err(refused(
                &path,
                "is neither a file nor a directory of a bundle",
            ));
        }
    }
    Ok(())
}

fn refused(path: &str, reason: &str) -> ReadError {
    ReadError::Malformed(format!("{} {reason}", path.escape_debug()))
}

/// A pass over a directory.
pub(crate) struct DirectoryWalk<'a> {
    root: &'a Path,
    /// Last file first.
    rest: Vec<String>,
    file: Option<File>,
}

impl Walk for DirectoryWalk<'_> {
    fn next(&mut self) -> Result<Option<FileHead>, ReadError> {
        let Some(path) = self.rest.pop() else {
            return Ok(None);
        };
        let file = File::open(self.root.join(&path))?;
        let len = file.metadata()?.len();
        self.file = Some(file);
        Ok(Some(FileHead { path, len }))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        match &mut self.file {
            Some(file) => Ok(file.read(buffer)?),
            None => Ok(0),
        }
    }
}
