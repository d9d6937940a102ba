//! The disclosures as a stream beside the entries, from a walk of their own.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::read::Files;
use crate::bundle::{
    DISCLOSURES, FileDigest, MAX_LINE, Place, ReadError, Source, Unread, Walk, restore,
};
use crate::hash::Hash;

/// `disclosures.ndjson`, read once from its beginning.
pub(super) struct Disclosures<W: Walk> {
    input: BufReader<Unread<W>>,
    digest: Sha256,
    len: u64,
    /// The next line, not given out yet.
    line: Vec<u8>,
    /// The entries whose lines were read: from the first, to behind the last.
    seqs: Range<u64>,
}

impl<W: Walk> Disclosures<W> {
    /// Goes to the file in a new walk; there is one.
    pub(super) fn open<'s, S: Source<Walk<'s> = W>>(
        source: &'s S,
        size: u64,
    ) -> Result<Disclosures<W>, ReadError> {
        let mut files = Files::open(source.walk()?)?;
        files.expect_size(size);
        while files
            .peek()
            .is_some_and(|place| *place < Place::Disclosures)
        {
            files.pass_over()?;
        }
        let mut disclosures = Disclosures {
            input: BufReader::with_capacity(1 << 16, Unread(files.into_walk())),
            digest: Sha256::new(),
            len: 0,
            line: Vec::new(),
            seqs: 0..0,
        };
        disclosures.read()?;
        let first = seq_of(&disclosures.line).unwrap_or(0);
        disclosures.seqs = first..first;
        Ok(disclosures)
    }

    /// The lines of entries before `end`, and those that name no entry.
    pub(super) fn until(&mut self, end: u64) -> Result<Vec<u8>, ReadError> {
        let mut lines = Vec::new();
        while !self.line.is_empty() {
            match seq_of(&self.line) {
                Some(seq) if seq >= end => break,
                Some(seq) => self.seqs.end = self.seqs.end.max(seq.saturating_add(1)),
                None => {}
            }
            lines.append(&mut self.line);
            self.read()?;
            // Entries have one line each: more are told from one, and not held.
            if lines.len() as u64 > 256 * MAX_LINE {
                return Err(ReadError::Malformed(format!(
                    "{DISCLOSURES} has too many lines"
                )));
            }
        }
        Ok(lines)
    }

    /// The entries that have lines, as far as is known.
    pub(super) fn seqs(&self) -> Range<u64> {
        if self.line.is_empty() {
            self.seqs.clone()
        } else {
            self.seqs.start..u64::MAX
        }
    }

    /// Whether every line was given out.
    pub(super) fn is_at_end(&self) -> bool {
        self.line.is_empty()
    }

    /// The manifest's line for the file; call it at the end.
    pub(super) fn digest(&self) -> FileDigest {
        FileDigest {
            path: DISCLOSURES.to_owned(),
            len: self.len,
            sha256: Hash(self.digest.clone().finalize().into()),
        }
    }

    fn read(&mut self) -> Result<(), ReadError> {
        self.line.clear();
        (&mut self.input)
            .take(MAX_LINE + 1)
            .read_until(b'\n', &mut self.line)
            .map_err(restore)?;
        if self.line.len() as u64 > MAX_LINE {
            return Err(ReadError::Malformed(format!(
                "{DISCLOSURES} has a line that is too long"
            )));
        }
        self.len += self.line.len() as u64;
        self.digest.update(&self.line);
        Ok(())
    }
}

/// The entry a line names, without looking at the rest.
fn seq_of(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(b"{\"seq\":")?;
    let len = digits
        .iter()
        .take(17)
        .position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&digits[..len]).ok()?.parse().ok()
}
