//! One entry with everything that shows it is in a log, as C2SP tlog-proof has it: its number, the proof of
//! inclusion and the checkpoint, in one text that is verified offline.

mod read;

use std::fmt;

use data_encoding::BASE64;

use crate::checkpoint::{Checkpoint, CheckpointError, Opened};
use crate::hash::{Hash, leaf};
use crate::merkle::{ProofError, verify_inclusion};
use crate::note::{Note, NoteError, VerifierKey};

/// The largest proof, in bytes.
pub const MAX_BYTE_LEN: usize = 1_000_000;

/// The largest number of hashes in a proof.
pub const MAX_HASHES: usize = 64;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof that an entry is in a log, verified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Data that belongs to the proof and is not authenticated by it; empty when there is none.
    pub extra: Vec<u8>,
    /// The number of the entry.
    pub index: u64,
    /// The proof of inclusion, the leaf's sibling first; see [`crate::tile::inclusion_proof`].
    pub hashes: Vec<Hash>,
    /// The checkpoint of the tree that the hashes lead to.
    pub checkpoint: Note,
}

/// Why a proof is not read or not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Larger than [`MAX_BYTE_LEN`].
    #[error("the proof is longer than {MAX_BYTE_LEN} bytes")]
    TooLong,
    /// The first line is not that of the format, or the proof is not UTF-8.
    #[error("not a proof of the form {HEADER}")]
    Header,
    /// Empty extra data, or not base64.
    #[error("the extra line is malformed")]
    Extra,
    /// No index line, or not a decimal number in its shortest form.
    #[error("the index line is missing or malformed")]
    Index,
    /// A hash line that is not base64 of 32 bytes, or no empty line behind the hashes.
    #[error("hash {number} of the proof is malformed")]
    Hash {
        /// Counted from 1.
        number: usize,
    },
    /// More hashes than [`MAX_HASHES`].
    #[error("the proof has more than {MAX_HASHES} hashes")]
    TooManyHashes,
    /// What follows is not a checkpoint to believe.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not where the proof says.
    #[error("{0}")]
    Inclusion(#[from] ProofError),
}

impl From<NoteError> for TlogProofError {
    fn from(error: NoteError) -> TlogProofError {
        TlogProofError::Checkpoint(error.into())
    }
}

impl TlogProof {
    /// Checks that a known key of the log has signed the checkpoint, and that `entry` is the bytes at
    /// [`TlogProof::index`] of the tree it signed. Says who signed; see [`Checkpoint::open`].
    pub fn verify<'k>(
        &self,
        entry: &[u8],
        keys: &'k [VerifierKey],
    ) -> Result<Opened<'k>, TlogProofError> {
        let opened = Checkpoint::open(&self.checkpoint, keys)?;
        verify_inclusion(
            leaf(entry),
            self.index,
            opened.checkpoint.tree,
            &self.hashes,
        )?;
        Ok(opened)
    }
}

/// The text that [`TlogProof::parse`] reads, if it has at most [`MAX_HASHES`] hashes and a signed checkpoint.
impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", BASE64.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", BASE64.encode(&hash.0))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests;
