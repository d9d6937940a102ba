use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::*;
use crate::hash::leaf;
use crate::merkle::{Frontier, ProofError, TreeHead, verify_consistency, verify_inclusion};

const SIZE: u64 = 66_500;

/// A log as it is kept: its leaves, and the tiles of its last size alone.
struct Log {
    leaves: Vec<Hash>,
    roots: Vec<Hash>,
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let leaves: Vec<Hash> = (0..SIZE).map(|index| leaf(&index.to_be_bytes())).collect();
    let mut frontier = Frontier::empty();
    let mut roots = vec![frontier.root()];
    for leaf in &leaves {
        frontier.push(*leaf);
        roots.push(frontier.root());
    }
    let tiles = kept(&leaves);
    Log {
        leaves,
        roots,
        tiles,
    }
});

/// Every level made of the one below, as an append would do it.
fn kept(leaves: &[Hash]) -> BTreeMap<(u8, u64), Vec<u8>> {
    let mut kept = BTreeMap::new();
    let mut level_hashes = leaves.to_vec();
    for level in 0..=MAX_LEVEL {
        let chunks = level_hashes.chunks(256);
        let contents = chunks.map(|chunk| chunk.iter().flat_map(|hash| hash.0).collect());
        let contents: Vec<Vec<u8>> = contents.collect();
        level_hashes = contents
            .iter()
            .filter_map(|content| tile_root(content))
            .collect();
        kept.extend((0..).map(|index| (level, index)).zip(contents));
    }
    kept
}

/// Gives the tiles of the last size, also for smaller trees.
struct Wide<'a>(&'a BTreeMap<(u8, u64), Vec<u8>>);

impl TileSource for Wide<'_> {
    fn tile(&self, tile: Tile) -> Option<&[u8]> {
        self.0.get(&(tile.level, tile.index)).map(Vec::as_slice)
    }
}

/// Only the tiles asked for, cut to the width asked for.
fn fetched(tiles: Vec<Tile>) -> BTreeMap<Tile, Vec<u8>> {
    let content = |tile: Tile| LOG.tiles[&(tile.level, tile.index)][..tile.byte_len()].to_vec();
    tiles
        .into_iter()
        .map(|tile| (tile, content(tile)))
        .collect()
}

fn head(size: u64) -> TreeHead {
    let root = LOG.roots[usize::try_from(size).unwrap()];
    TreeHead { size, root }
}

fn check_inclusion(index: u64, size: u64) {
    let tiles = inclusion_tiles(index, size).unwrap();
    let proof = inclusion_proof(index, size, &fetched(tiles)).unwrap();
    assert_eq!(
        inclusion_proof(index, size, &Wide(&LOG.tiles)),
        Ok(proof.clone())
    );
    let leaf = LOG.leaves[usize::try_from(index).unwrap()];
    assert_eq!(verify_inclusion(leaf, index, head(size), &proof), Ok(()));
}

fn check_consistency(old: u64, new: u64) {
    let tiles = consistency_tiles(old, new).unwrap();
    let proof = consistency_proof(old, new, &fetched(tiles)).unwrap();
    assert_eq!(
        consistency_proof(old, new, &Wide(&LOG.tiles)),
        Ok(proof.clone())
    );
    assert_eq!(verify_consistency(head(old), head(new), &proof), Ok(()));
}

#[test]
fn proofs_at_the_edges_of_tiles_verify() {
    let edges = [
        1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, SIZE,
    ];
    for size in edges {
        for index in [0, 1, 255, 256, size / 2, size - 1] {
            if index < size {
                check_inclusion(index, size);
            }
        }
        for old in edges.into_iter().filter(|old| *old <= size) {
            check_consistency(old, size);
        }
        let frontier = frontier_at(size, &fetched(frontier_tiles(size))).unwrap();
        assert_eq!((frontier.size(), frontier.root()), (size, head(size).root));
    }
}

#[test]
fn a_proof_needs_few_tiles() {
    assert_eq!(inclusion_tiles(0, 1), Ok(Vec::new()));
    let tile = |level, index, width| Tile {
        level,
        index,
        width,
    };
    assert_eq!(inclusion_tiles(0, 2), Ok(vec![tile(0, 0, 2)]));
    assert_eq!(
        inclusion_tiles(300, 1_000),
        Ok(vec![tile(0, 1, 256), tile(0, 3, 232), tile(1, 0, 3)])
    );
    assert_eq!(consistency_tiles(256, 512), Ok(vec![tile(1, 0, 2)]));
    assert!(inclusion_tiles(u64::MAX / 2, u64::MAX).unwrap().len() <= 16);
    assert!(frontier_tiles(u64::MAX).len() == 8);
}

#[test]
fn a_missing_or_short_tile_is_named() {
    let tiles = inclusion_tiles(300, 1_000).unwrap();
    for tile in &tiles {
        let mut some = fetched(tiles.clone());
        some.remove(tile);
        assert_eq!(
            inclusion_proof(300, 1_000, &some),
            Err(TileError::Missing(*tile))
        );
        some.insert(*tile, vec![0; 31]);
        assert_eq!(
            inclusion_proof(300, 1_000, &some),
            Err(TileError::Missing(*tile))
        );
    }
    let missing = TileError::Missing(tiles[0]);
    assert_eq!(
        missing.to_string(),
        "the tile tile/0/001 is missing or too short"
    );
}

#[test]
fn proofs_that_cannot_be_are_refused() {
    let none: BTreeMap<Tile, Vec<u8>> = BTreeMap::new();
    let beyond = ProofError::Index { index: 5, size: 5 };
    assert_eq!(inclusion_proof(5, 5, &none), Err(beyond.into()));
    let shrunk = ProofError::Shrunk { old: 6, new: 5 };
    assert_eq!(consistency_proof(6, 5, &none), Err(shrunk.into()));
    assert_eq!(consistency_proof(5, 5, &none), Ok(Vec::new()));
    assert_eq!(consistency_proof(0, 5, &none), Ok(Vec::new()));
    assert_eq!(frontier_at(0, &none), Ok(Frontier::empty()));
}

proptest! {
    #[test]
    fn every_proof_made_of_tiles_verifies(size in 1..=SIZE, at in any::<prop::sample::Index>()) {
        let before = at.index(usize::try_from(size).unwrap()) as u64;
        check_inclusion(before, size);
        check_consistency(before, size);
        let frontier = frontier_at(size, &fetched(frontier_tiles(size))).unwrap();
        prop_assert_eq!(frontier.root(), head(size).root);
    }

    #[test]
    fn what_is_asked_for_is_in_the_tree(index in any::<u64>(), size in any::<u64>()) {
        let tiles = [inclusion_tiles(index, size), consistency_tiles(index, size)];
        for tile in tiles.into_iter().flatten().flatten().chain(frontier_tiles(size)) {
            prop_assert_eq!(Tile::at(tile.level, tile.index, size), Some(tile));
        }
    }
}
