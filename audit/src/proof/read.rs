//! From bytes to a proof.

use super::{HEADER, MAX_BYTE_LEN, MAX_HASHES, TlogProof, TlogProofError};
use crate::checkpoint::Checkpoint;
use crate::encoding::{base64, decimal};
use crate::hash::Hash;
use crate::note::Note;

impl TlogProof {
    /// Reads a proof. What it accepts, [`TlogProof`] writes again byte for byte.
    pub fn parse(bytes: &[u8]) -> Result<TlogProof, TlogProofError> {
        if bytes.len() > MAX_BYTE_LEN {
            return Err(TlogProofError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Header)?;
        let (header, rest) = text.split_once('\n').ok_or(TlogProofError::Header)?;
        if header != HEADER {
            return Err(TlogProofError::Header);
        }
        let (extra, rest) = read_extra(rest)?;
        let (index, rest) = read_index(rest).ok_or(TlogProofError::Index)?;
        let (hashes, note) = read_hashes(rest)?;
        let checkpoint = Note::parse(note.as_bytes())?;
        Checkpoint::parse(checkpoint.text())?;
        Ok(TlogProof {
            extra,
            index,
            hashes,
            checkpoint,
        })
    }
}

fn read_extra(text: &str) -> Result<(Vec<u8>, &str), TlogProofError> {
    let Some(rest) = text.strip_prefix("extra ") else {
        return Ok((Vec::new(), text));
    };
    rest.split_once('\n')
        .and_then(|(line, rest)| Some((base64(line)?, rest)))
        .filter(|(extra, _)| !extra.is_empty())
        .ok_or(TlogProofError::Extra)
}

fn read_index(text: &str) -> Option<(u64, &str)> {
    let (line, rest) = text.strip_prefix("index ")?.split_once('\n')?;
    Some((decimal(line)?, rest))
}

/// The hashes, and what stands behind the empty line.
fn read_hashes(mut text: &str) -> Result<(Vec<Hash>, &str), TlogProofError> {
    let mut hashes = Vec::new();
    loop {
        let malformed = TlogProofError::Hash {
            number: hashes.len() + 1,
        };
        match text.split_once('\n') {
            Some(("", rest)) => return Ok((hashes, rest)),
            Some(_) if hashes.len() == MAX_HASHES => return Err(TlogProofError::TooManyHashes),
            Some((line, rest)) => {
                let hash = base64(line).and_then(|bytes| Hash::from_slice(&bytes));
                hashes.push(hash.ok_or(malformed)?);
                text = rest;
            }
            None => return Err(malformed),
        }
    }
}
