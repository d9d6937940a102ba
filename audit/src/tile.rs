//! The tree in files, as C2SP tlog-tiles has it: runs of 256 hashes of every eighth level.
//!
//! A full tile never changes. The last tile of each level may be partial; it is replaced as the log grows. A tile
//! kept wider than asked for serves as well: its beginning is the narrower one.

mod bundle;
mod path;
mod proof;

use std::ops::Range;

pub use bundle::{BundleError, Entries, MAX_BUNDLE_LEN, entries, write_bundle};
pub use path::TilePath;
pub use proof::{
    TileError, TileSource, consistency_proof, consistency_tiles, frontier_at, frontier_tiles,
    inclusion_proof, inclusion_tiles,
};

use crate::hash::Hash;
use crate::merkle::subtree_root;

/// Hashes in a full tile; entries in a full bundle.
pub const WIDTH: u16 = 256;

/// Levels of the tree in one tile.
pub const HEIGHT: u32 = 8;

/// The highest level of tiles that a tree of 64-bit size has.
pub const MAX_LEVEL: u8 = 7;

/// A run of hashes of one level: which, and how many of its 256 there are.
///
/// Sorted by level, then by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// 0 for leaf hashes; at the next level each hash covers 256 of the level before. At most [`MAX_LEVEL`].
    pub level: u8,
    /// Its place in the level.
    pub index: u64,
    /// Hashes in it, 1 to [`WIDTH`].
    pub width: u16,
}

impl Tile {
    /// The tile at this place in a tree of `size` leaves; `None` when it has no hash there.
    pub fn at(level: u8, index: u64, size: u64) -> Option<Tile> {
        let width = hashes(level, size)
            .checked_sub(index.checked_mul(WIDTH.into())?)?
            .min(WIDTH.into());
        let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
        Some(Tile {
            level,
            index,
            width,
        })
    }

    /// Whether it has all its hashes and will not change.
    pub fn is_full(self) -> bool {
        self.width == WIDTH
    }

    /// The places of its hashes in their level; of a tile of level 0, the numbers of its entries.
    pub fn places(self) -> Range<u64> {
        let start = self.index.saturating_mul(WIDTH.into());
        start..start.saturating_add(self.width.into())
    }

    /// Length of its content, 32 bytes for each hash.
    pub fn byte_len(self) -> usize {
        usize::from(self.width) * 32
    }
}

/// Reads the content of a tile: 1 to 256 hashes; anything else is `None`.
pub fn read_tile(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let fits = rest.is_empty() && (1..=usize::from(WIDTH)).contains(&hashes.len());
    fits.then(|| hashes.iter().copied().map(Hash).collect())
}

/// The hash that stands for a full tile one level up; `None` when `bytes` are not 256 hashes.
pub fn tile_root(bytes: &[u8]) -> Option<Hash> {
    let hashes = read_tile(bytes)?;
    (hashes.len() == usize::from(WIDTH)).then(|| subtree_root(&hashes))
}

/// Every tile of a tree of `size` leaves, from the leaves up.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0..=MAX_LEVEL).flat_map(move |level| {
        let count = hashes(level, size).div_ceil(WIDTH.into());
        (0..count).filter_map(move |index| Tile::at(level, index, size))
    })
}

/// The full tiles that growing from `old` to `new` leaves completes, from the leaves up, so that each can be made
/// of those before it.
pub fn completed(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..=MAX_LEVEL).flat_map(move |level| {
        (full(level, old)..full(level, new)).map(move |index| Tile {
            level,
            index,
            width: WIDTH,
        })
    })
}

/// The partial tiles of a tree of `size` leaves, at most one for each level, from the leaves up.
pub fn partial(size: u64) -> impl Iterator<Item = Tile> {
    (0..=MAX_LEVEL).filter_map(move |level| {
        Tile::at(level, full(level, size), size).filter(|tile| !tile.is_full())
    })
}

/// Number of hashes in a level.
pub(crate) fn hashes(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * HEIGHT).unwrap_or(0)
}

/// Number of full tiles in a level.
fn full(level: u8, size: u64) -> u64 {
    hashes(level, size) / u64::from(WIDTH)
}

#[cfg(test)]
mod tests;
