//! Files named on the command line, and words to whom it may concern.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};
use audit::bundle::{Archive, ExhibitError, ReadError};
use audit::checkpoint::Checkpoint;
use audit::note::{Note, VerifierKey};

use crate::Outcome;

/// The archive at `path`.
pub(crate) fn archive(path: &Path) -> Archive<impl Fn() -> io::Result<fs::File> + Sync> {
    Archive::new(move || fs::File::open(path))
}

/// Verifier keys, each as text or as a file with one a line.
pub(crate) fn keys(texts: &[String]) -> anyhow::Result<Vec<VerifierKey>> {
    let mut keys = Vec::new();
    for text in texts {
        let content = match Path::new(text).is_file() {
            true => fs::read_to_string(text).with_context(|| text.clone())?,
            false => text.clone(),
        };
        let before = keys.len();
        for line in content.lines().filter(|line| !line.is_empty()) {
            keys.push(VerifierKey::parse(line).with_context(|| format!("`{line}`"))?);
        }
        if keys.len() == before {
            bail!("{text} holds no key");
        }
    }
    Ok(keys)
}

/// A checkpoint in a file.
pub(crate) fn checkpoint(path: &Path) -> anyhow::Result<(Note, Checkpoint)> {
    let name = || path.display().to_string();
    let bytes = fs::read(path).with_context(name)?;
    let note = Note::parse(&bytes).with_context(name)?;
    let checkpoint = Checkpoint::parse(note.text()).with_context(name)?;
    Ok((note, checkpoint))
}

/// What it means that a bundle gives nothing to show.
pub(crate) fn outcome(error: &ExhibitError) -> Outcome {
    match error {
        ExhibitError::Read(ReadError::Io(_) | ReadError::Foreign(_)) => Outcome::Inconclusive,
        // No such entry: nothing is wrong with the log.
        ExhibitError::Tile(audit::tile::TileError::Proof(_)) => Outcome::Inconclusive,
        _ => Outcome::Broken,
    }
}

/// A sentence on standard error.
pub(crate) fn complain(sentence: &str) {
    // With standard error closed there is nobody to tell.
    drop(writeln!(io::stderr(), "strongroom-audit: {sentence}"));
}

/// Lines on standard output.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}").context("standard output")
}
