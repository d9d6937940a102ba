//! The tiles of a growing log: 256 entries, and 256 hashes of each level, are held back at most.

use std::ops::Range;

use super::{Recorder, WriteError};
use crate::bundle::Sink;
use crate::hash::Hash;
use crate::merkle::subtree_root;
use crate::tile::{MAX_LEVEL, Tile, WIDTH, write_bundle};

pub(super) struct Tiles {
    range: Range<u64>,
    size: u64,
    /// The hashes of the last, unfinished tile of each level.
    levels: Vec<Vec<Hash>>,
    /// The entries of the last tile; all of them, or none.
    entries: Vec<Vec<u8>>,
    extra: Vec<u64>,
}

impl Tiles {
    pub(super) fn new(range: Range<u64>) -> Tiles {
        Tiles {
            range,
            size: 0,
            levels: vec![Vec::new(); usize::from(MAX_LEVEL) + 1],
            entries: Vec::new(),
            extra: Vec::new(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The tiles outside of the range that came with their entries.
    pub(super) fn into_extra(self) -> Vec<u64> {
        self.extra
    }

    pub(super) fn push(&mut self, leaf: Hash, raw: Option<&[u8]>) -> Result<(), WriteError> {
        let fits = match raw {
            Some(_) => self.entries.len() == self.levels[0].len(),
            None => self.entries.is_empty() && !self.range.contains(&self.size),
        };
        if !fits {
            return Err(WriteError::RawMissing(self.size));
        }
        self.entries.extend(raw.map(<[u8]>::to_vec));
        self.levels[0].push(leaf);
        self.size += 1;
        Ok(())
    }

    /// Writes the tile that just became full, and every higher one that it completes.
    pub(super) fn complete<K: Sink>(&mut self, files: &mut Recorder<K>) -> Result<(), WriteError> {
        for level in 0..MAX_LEVEL {
            let at = usize::from(level);
            if self.levels[at].len() < usize::from(WIDTH) {
                break;
            }
            self.write(level, files)?;
            let root = subtree_root(&std::mem::take(&mut self.levels[at]));
            self.levels[at + 1].push(root);
        }
        Ok(())
    }

    /// Writes the partial tiles at the end of the log.
    pub(super) fn finish<K: Sink>(&mut self, files: &mut Recorder<K>) -> Result<(), WriteError> {
        (0..=MAX_LEVEL)
            .filter(|level| !self.levels[usize::from(*level)].is_empty())
            .collect::<Vec<_>>()
            .into_iter()
            .try_for_each(|level| self.write(level, files))
    }

    fn write<K: Sink>(&mut self, level: u8, files: &mut Recorder<K>) -> Result<(), WriteError> {
        let index = (self.size - 1) >> (8 * (u32::from(level) + 1));
        let Some(tile) = Tile::at(level, index, self.size) else {
            return Ok(());
        };
        if level == 0 && !self.entries.is_empty() {
            self.write_entries(tile, files)?;
        }
        let hashes = &self.levels[usize::from(level)];
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        Ok(files.add(&tile.path(), &bytes)?)
    }

    fn write_entries<K: Sink>(
        &mut self,
        tile: Tile,
        files: &mut Recorder<K>,
    ) -> Result<(), WriteError> {
        let bytes = write_bundle(self.entries.iter().map(Vec::as_slice))?;
        self.entries.clear();
        if !self.range.contains(&tile.places().start) {
            self.extra.push(tile.index);
        }
        Ok(files.add(&tile.entries_path(), &bytes)?)
    }
}
