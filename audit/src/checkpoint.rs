//! Signed tree heads, as C2SP tlog-checkpoint has them: a note whose first three lines are the log's name, its size
//! and its root.
//!
//! A checkpoint fixes every entry up to its size. It does not show that it is the newest: an old one is as genuine as
//! it was, and only another one, kept outside, tells that a log went back.

use std::fmt;

use data_encoding::BASE64;

use crate::encoding::{base64, decimal};
use crate::hash::Hash;
use crate::merkle::{EMPTY_ROOT, TreeHead};
use crate::note::{Algorithm, LogKey, Note, NoteError, Signer, VerifierKey};

/// What a log signs about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name; see [`crate::genesis::origin`].
    pub origin: String,
    /// How many entries, and their root.
    pub tree: TreeHead,
}

/// A checkpoint that the log has signed, and who else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'k> {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The log's keys that signed it, one or more; two while a key takes over from another.
    pub log_keys: Vec<&'k VerifierKey>,
    /// The cosigners.
    pub cosignatures: Vec<Cosignature<'k>>,
}

/// A cosigner's statement that this was the largest head it knew of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosignature<'k> {
    /// Whose.
    pub key: &'k VerifierKey,
    /// When, in seconds since 1970, by the cosigner's clock.
    pub time: u64,
}

/// Why a note is not a checkpoint to believe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a note, or not signed by a known key.
    #[error("{0}")]
    Note(#[from] NoteError),
    /// No origin line, or an empty one.
    #[error("the checkpoint names no log")]
    Origin,
    /// No size line, or not a decimal number in its shortest form.
    #[error("the checkpoint has no size")]
    Size,
    /// No root line, not base64 of 32 bytes, or not the root of the empty tree where the size is 0.
    #[error("the checkpoint has no root")]
    Root,
    /// An empty line after the first three, or a last line that does not end.
    #[error("the checkpoint has an empty line")]
    Extension,
    /// No known key that is called like the origin has signed.
    #[error("the log `{origin}` has not signed with a known key")]
    NotByLog {
        /// The log the checkpoint names.
        origin: String,
    },
}

impl Checkpoint {
    /// Reads the text of a note. Lines after the third are passed over, as the format asks; they stay in the note,
    /// whose signatures cover them.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let mut lines = text.strip_suffix('\n').unwrap_or_default().split('\n');
        let origin = lines.next().filter(|line| !line.is_empty());
        let origin = origin.ok_or(CheckpointError::Origin)?.to_owned();
        let size = lines
            .next()
            .and_then(decimal)
            .ok_or(CheckpointError::Size)?;
        let root = lines.next().and_then(root).ok_or(CheckpointError::Root)?;
        if size == 0 && root != EMPTY_ROOT {
            return Err(CheckpointError::Root);
        }
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Extension);
        }
        let tree = TreeHead { size, root };
        Ok(Checkpoint { origin, tree })
    }

    /// The note with the log's signature; the key is called like the log. A second key, while one takes over from
    /// another, and cosigners are added with [`Note::sign`] and [`Note::cosign`].
    pub fn sign(&self, key: &LogKey) -> Result<Note, NoteError> {
        let mut note = Note::new(self.to_string())?;
        note.sign(&self.origin, key)?;
        Ok(note)
    }

    /// Reads a checkpoint that a known key of the log it names has signed; see [`Note::verify`] for the other
    /// signatures. `keys` are those of logs and of cosigners.
    pub fn open<'k>(note: &Note, keys: &'k [VerifierKey]) -> Result<Opened<'k>, CheckpointError> {
        let signers = note.verify(keys)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        let log_keys: Vec<_> = signers
            .iter()
            .map(|signer| signer.key)
            .filter(|key| is_of_log(key, &checkpoint.origin))
            .collect();
        if log_keys.is_empty() {
            let origin = checkpoint.origin;
            return Err(CheckpointError::NotByLog { origin });
        }
        Ok(Opened {
            checkpoint,
            log_keys,
            cosignatures: signers.iter().filter_map(cosignature).collect(),
        })
    }
}

/// The text of the note: three lines.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        writeln!(f, "{}", self.tree.size)?;
        writeln!(f, "{}", BASE64.encode(&self.tree.root.0))
    }
}

fn root(line: &str) -> Option<Hash> {
    Hash::from_slice(&base64(line)?)
}

fn is_of_log(key: &VerifierKey, origin: &str) -> bool {
    key.algorithm() == Algorithm::Ed25519 && key.name() == origin
}

fn cosignature<'k>(signer: &Signer<'k>) -> Option<Cosignature<'k>> {
    let time = signer.time?;
    let key = signer.key;
    Some(Cosignature { key, time })
}

#[cfg(test)]
mod tests;
