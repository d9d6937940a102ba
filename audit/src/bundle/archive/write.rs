//! Writing an archive.

use std::io::{self, Read, Seek, SeekFrom, Write};

use zstd::stream::write::Encoder;

use super::LEVEL;
use super::close::Closing;
use crate::bundle::tar::{self, BLOCK};
use crate::bundle::{DISCLOSURES, Place, Sink};

/// Where parts of an archive wait for their turn, such as an unnamed temporary file. It starts empty.
pub trait Spool: Read + Write + Seek {}

impl<T: Read + Write + Seek> Spool for T {}

/// Collects the files of a bundle and writes them as an archive at the end.
///
/// A tar says how long a file is before it says what is in it, and readers want the disclosures before the
/// entries, while both become known together. So both are compressed into spools as they come; everything else is
/// small. Memory does not grow with the log. The same files in the same order give the same archive.
pub struct Packer<S: Spool> {
    front: Encoder<'static, Vec<u8>>,
    disclosures: Encoder<'static, S>,
    /// Length of `disclosures.ndjson`; `None` when there is no such file.
    disclosures_len: Option<u64>,
    tiles: Encoder<'static, S>,
    back: Encoder<'static, Vec<u8>>,
}

impl<S: Spool> Packer<S> {
    /// An archive that uses these two spools.
    pub fn new(spools: [S; 2]) -> io::Result<Packer<S>> {
        let [disclosures, tiles] = spools;
        Ok(Packer {
            front: Encoder::new(Vec::new(), LEVEL)?,
            disclosures: Encoder::new(disclosures, LEVEL)?,
            disclosures_len: None,
            tiles: Encoder::new(tiles, LEVEL)?,
            back: Encoder::new(Vec::new(), LEVEL)?,
        })
    }

    /// Writes the archive and gives `out` back. Call it when the bundle is complete.
    pub fn write_to<W: Write>(mut self, out: W) -> io::Result<W> {
        let mut out = Closing::new(out);
        if let Some(len) = self.disclosures_len {
            self.front.write_all(&header(DISCLOSURES, len)?)?;
            pad(&mut self.disclosures, len)?;
        }
        self.back.write_all(&[0; 2 * BLOCK])?;
        out.write_all(&self.front.finish()?)?;
        if self.disclosures_len.is_some() {
            copy(self.disclosures.finish()?, &mut out)?;
        }
        copy(self.tiles.finish()?, &mut out)?;
        out.write_all(&self.back.finish()?)?;
        out.close()
    }
}

impl<S: Spool> Sink for Packer<S> {
    fn file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let out: &mut dyn Write = match Place::of(path) {
            Some(place) if place < Place::Disclosures => &mut self.front,
            Some(place) if place.is_tile() => &mut self.tiles,
            _ => &mut self.back,
        };
        out.write_all(&header(path, bytes.len() as u64)?)?;
        out.write_all(bytes)?;
        pad(out, bytes.len() as u64)
    }

    fn disclosures(&mut self, bytes: &[u8]) -> io::Result<()> {
        *self.disclosures_len.get_or_insert(0) += bytes.len() as u64;
        self.disclosures.write_all(bytes)
    }
}

fn header(path: &str, len: u64) -> io::Result<[u8; BLOCK]> {
    tar::header(path, len).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))
}

fn pad(out: &mut dyn Write, len: u64) -> io::Result<()> {
    out.write_all(&[0; BLOCK][..tar::padding(len)])
}

fn copy(mut spool: impl Spool, out: &mut impl Write) -> io::Result<u64> {
    spool.seek(SeekFrom::Start(0))?;
    io::copy(&mut spool, out)
}
