//! Proofs from tiles. Which tiles a proof needs is known before it is made, so that they can be fetched together.
//!
//! Tiles are taken as they are: whether a proof made of them holds, only a signed root tells.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{HEIGHT, Tile, WIDTH};
use crate::hash::Hash;
use crate::merkle::{
    Frontier, ProofError, Subtree, consistency_ranges, inclusion_ranges, range_root, subtree_root,
    subtrees,
};

/// Where the hashes of tiles come from.
pub trait TileSource {
    /// The content of a tile, 32 bytes for each hash; it may have more hashes than asked for.
    fn tile(&self, tile: Tile) -> Option<&[u8]>;
}

/// Tiles that were fetched before.
impl TileSource for BTreeMap<Tile, Vec<u8>> {
    fn tile(&self, tile: Tile) -> Option<&[u8]> {
        self.get(&tile).map(Vec::as_slice)
    }
}

/// Why tiles do not yield a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// There is no such proof.
    #[error("{0}")]
    Proof(#[from] ProofError),
    /// A tile is not there, or too short.
    #[error("the tile {} is missing or too short", .0.path())]
    Missing(Tile),
    /// A tree of this size is not one of ours; see [`crate::merkle::MAX_SIZE`].
    #[error("the tree is too large")]
    TooLarge,
}

/// The tiles that [`inclusion_proof`] of the same arguments will read, each once.
pub fn inclusion_tiles(index: u64, size: u64) -> Result<Vec<Tile>, TileError> {
    Ok(tiles_of(&inclusion_ranges(index, size)?, size))
}

/// The proof that leaf `index` is in the tree of the first `size` leaves.
pub fn inclusion_proof(
    index: u64,
    size: u64,
    source: &impl TileSource,
) -> Result<Vec<Hash>, TileError> {
    hashes(&inclusion_ranges(index, size)?, size, source)
}

/// The tiles that [`consistency_proof`] of the same arguments will read, each once.
pub fn consistency_tiles(old: u64, new: u64) -> Result<Vec<Tile>, TileError> {
    Ok(tiles_of(&consistency_ranges(old, new)?, new))
}

/// The proof that the tree of the first `new` leaves begins with that of the first `old`.
pub fn consistency_proof(
    old: u64,
    new: u64,
    source: &impl TileSource,
) -> Result<Vec<Hash>, TileError> {
    hashes(&consistency_ranges(old, new)?, new, source)
}

/// The tiles that [`frontier_at`] of the same argument will read, each once.
pub fn frontier_tiles(size: u64) -> Vec<Tile> {
    tiles_of(std::slice::from_ref(&(0..size)), size)
}

/// The frontier of the tree of the first `size` leaves, and with it the root.
pub fn frontier_at(size: u64, source: &impl TileSource) -> Result<Frontier, TileError> {
    let roots = roots(0..size, size, source)?;
    Frontier::from_roots(size, roots).ok_or(TileError::TooLarge)
}

fn tiles_of(ranges: &[Range<u64>], size: u64) -> Vec<Tile> {
    let tiles: BTreeSet<Tile> = ranges
        .iter()
        .flat_map(|range| subtrees(range.clone()))
        .filter_map(|subtree| Place::of(subtree, size))
        .map(|place| place.tile)
        .collect();
    tiles.into_iter().collect()
}

fn hashes(
    ranges: &[Range<u64>],
    size: u64,
    source: &impl TileSource,
) -> Result<Vec<Hash>, TileError> {
    let hash = |range: &Range<u64>| {
        let roots = roots(range.clone(), size, source)?;
        // No range of a proof is empty.
        range_root(&roots).ok_or(ProofError::Length.into())
    };
    ranges.iter().map(hash).collect()
}

/// The roots of the complete subtrees that a range consists of.
fn roots(range: Range<u64>, size: u64, source: &impl TileSource) -> Result<Vec<Hash>, TileError> {
    subtrees(range)
        .into_iter()
        .map(|subtree| {
            Place::of(subtree, size)
                .ok_or(TileError::TooLarge)?
                .hash(source)
        })
        .collect()
}

/// The hashes of one tile that a complete subtree consists of.
struct Place {
    tile: Tile,
    hashes: Range<usize>,
}

impl Place {
    /// Where in the tiles of a tree of `size` leaves a subtree is found: in the highest level that is not above
    /// it. `None` when the tree does not have it.
    fn of(subtree: Subtree, size: u64) -> Option<Place> {
        let count = 1 << (subtree.level % HEIGHT);
        let first = subtree.index.checked_mul(count)?;
        let level = u8::try_from(subtree.level / HEIGHT).ok()?;
        let tile = Tile::at(level, first / u64::from(WIDTH), size)?;
        let start = first - tile.places().start;
        let hashes = usize::try_from(start).ok()?..usize::try_from(start + count).ok()?;
        Some(Place { tile, hashes })
    }

    fn hash(self, source: &impl TileSource) -> Result<Hash, TileError> {
        let (hashes, _) = source.tile(self.tile).unwrap_or_default().as_chunks::<32>();
        let hashes: Vec<Hash> = hashes
            .get(self.hashes)
            .ok_or(TileError::Missing(self.tile))?
            .iter()
            .copied()
            .map(Hash)
            .collect();
        Ok(subtree_root(&hashes))
    }
}
