//! The tree over a log that goes by tile after tile.

use crate::chain::{Damage, Finding};
use crate::hash::Hash;
use crate::merkle::{EMPTY_ROOT, Frontier, subtree_root};
use crate::tile::{HEIGHT, Tile, WIDTH};

/// The tree, by the roots of its full tiles of level 0.
#[derive(Debug, Default)]
pub(super) struct Tree {
    tiles: Frontier,
}

impl Tree {
    /// Adds the root of the next full tile.
    pub(super) fn push(&mut self, root: Hash) {
        self.tiles.push(root);
    }

    /// The root of the tree with these leaves, a tile at most, behind its full tiles.
    pub(super) fn root_with(&self, leaves: &[Hash]) -> Hash {
        if leaves.len() == usize::from(WIDTH) {
            let mut tiles = self.tiles.clone();
            tiles.push(subtree_root(leaves));
            return tiles.root();
        }
        let mut rest = Frontier::empty();
        leaves.iter().for_each(|leaf| rest.push(*leaf));
        let size = self.tiles.size() * u64::from(WIDTH) + rest.size();
        // A tile is a complete subtree: the roots of tiles and of what is left are those of the whole.
        let roots = [self.tiles.to_bytes(), rest.to_bytes()].concat();
        Frontier::from_bytes(size, &roots).map_or(EMPTY_ROOT, |whole| whole.root())
    }
}

/// The tiles above level 0, compared with what lies below them.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// From level 1: the hashes of the tile that is being filled.
    unfinished: Vec<Vec<Hash>>,
}

impl Levels {
    /// Adds the root of the next full tile of level 0; `tile` gives the higher ones it completes, level by level.
    pub(super) fn push(&mut self, root: Hash) {
        self.add(0, root);
    }

    fn add(&mut self, level: usize, root: Hash) {
        if level == self.unfinished.len() {
            self.unfinished.push(Vec::new());
        }
        self.unfinished[level].push(root);
    }

    /// Compares a tile of level 1 or higher with the hashes collected for it; a full one is passed on to the next
    /// level.
    pub(super) fn compare(&mut self, tile: Tile, bytes: &[u8]) -> Option<Finding> {
        let level = usize::from(tile.level).checked_sub(1)?;
        let hashes = std::mem::take(self.unfinished.get_mut(level)?);
        if tile.is_full() {
            self.add(level + 1, subtree_root(&hashes));
        }
        let (chunks, rest) = bytes.as_chunks::<32>();
        let differing = hashes
            .iter()
            .zip(chunks)
            .position(|(hash, chunk)| hash.0 != *chunk);
        let same_len = chunks.len() == hashes.len() && rest.is_empty();
        let at = differing.or((!same_len).then_some(hashes.len().min(chunks.len())))?;
        let found = chunks.get(at).copied().map(Hash);
        let place = tile.places().start + at as u64;
        let seq = place << (HEIGHT * u32::from(tile.level));
        let reason = format!(
            "{} does not hold the hashes of the tiles below it",
            tile.path()
        );
        Some(
            Finding::new(seq, Damage::ContentAltered, reason)
                .hashes(found, hashes.get(at).copied()),
        )
    }
}
