//! Anchors in a file that is only ever appended to.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use store::ledger::{Anchor, HeadMark};
use tokio::sync::Mutex;

use super::{
    AnchorError,
    document::{Document, Newest},
};

/// A file with one document a line.
#[derive(Debug)]
pub(super) struct AnchorFile {
    path: PathBuf,
    /// The newest mark of the system log in it, once it has been read.
    newest: Mutex<Option<Option<HeadMark>>>,
}

impl AnchorFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            newest: Mutex::new(None),
        }
    }

    /// Appends the document, unless the file has gone further than it.
    pub(super) async fn keep(
        &self,
        anchor: &Anchor,
        document: &Document,
    ) -> Result<(), AnchorError> {
        let mut newest = self.newest.lock().await;
        let known = match *newest {
            Some(known) => known,
            None => self.load(&anchor.deployment).await?.of_system(),
        };
        match known {
            Some(known) if known == anchor.head => {
                *newest = Some(Some(known));
                return Ok(());
            }
            Some(known) if known.is_ahead_of(&anchor.head) => {
                *newest = Some(Some(known));
                let found = Some(known.root);
                return Err(AnchorError::Fork { found });
            }
            _ => {}
        }
        let mut line = serde_json::to_vec(document)?;
        line.push(b'\n');
        let path = self.path.clone();
        let appended = tokio::task::spawn_blocking(move || append(&path, &line));
        appended.await.map_err(io::Error::other)??;
        *newest = Some(Some(anchor.head));
        Ok(())
    }

    /// Adds what the file says of that deployment to `marks`. A file that is not there says nothing.
    pub(super) async fn read(
        &self,
        deployment: &str,
        marks: &mut Newest,
    ) -> Result<(), AnchorError> {
        for mark in self.load(deployment).await?.into_vec() {
            marks.add(mark);
        }
        Ok(())
    }

    async fn load(&self, deployment: &str) -> Result<Newest, AnchorError> {
        let (path, deployment) = (self.path.clone(), deployment.to_owned());
        let loaded = tokio::task::spawn_blocking(move || load(&path, &deployment));
        Ok(loaded.await.map_err(io::Error::other)??)
    }
}

/// One write for the whole line, so that lines of several processes do not mix; a line that was cut off
/// before is ended first.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let torn = is_torn(&mut file)?;
    let begin: &[u8] = if torn { b"\n" } else { b"" };
    file.write_all(&[begin, line].concat())?;
    file.sync_all()
}

fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// A line at a time: memory grows with the number of logs, not of lines.
fn load(path: &Path, deployment: &str) -> io::Result<Newest> {
    let mut marks = Newest::default();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(marks),
        Err(error) => return Err(error),
    };
    for (number, line) in (1_u64..).zip(BufReader::new(file).split(b'\n')) {
        match serde_json::from_slice::<Document>(&line?) {
            Ok(document) if document.is_of(deployment) => {
                document.marks().for_each(|mark| marks.add(mark));
            }
            Ok(_) => tracing::debug!(line = number, "an anchor is not of this deployment"),
            Err(_) => tracing::warn!(line = number, "a line of the file of anchors is not one"),
        }
    }
    Ok(marks)
}
