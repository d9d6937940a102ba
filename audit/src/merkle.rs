//! The tree of RFC 6962, section 2.1, over the same leaf hashes that chain the entries.
//!
//! A root commits to every leaf and to their number. Two proofs follow from it: that a leaf is in the tree
//! (inclusion), and that a tree begins with another (consistency). A proof has at most one hash more than the tree
//! is high.

mod consistency;
mod frontier;
mod inclusion;
mod subtree;

pub use consistency::{consistency_ranges, verify_consistency};
pub use frontier::{Frontier, MAX_SIZE};
pub use inclusion::{inclusion_ranges, inclusion_root, verify_inclusion};
pub use subtree::{Subtree, range_root, subtrees};

use sha2::{Digest, Sha256};

use crate::hash::Hash;

/// The root of the tree without leaves, `SHA-256("")`.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of an inner node, `SHA-256(0x01 || left || right)`.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut digest = Sha256::new();
    digest.update([0x01]);
    digest.update(left.0);
    digest.update(right.0);
    Hash(digest.finalize().into())
}

/// The root of the tree whose leaves, or equally high complete subtrees, have these hashes.
///
/// Of the 256 hashes of a full tile it is the tile's hash one level up.
pub fn subtree_root(hashes: &[Hash]) -> Hash {
    hashes
        .iter()
        .fold(Frontier::empty(), |mut frontier, hash| {
            frontier.push(*hash);
            frontier
        })
        .root()
}

/// A tree by its number of leaves and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// The root hash; [`EMPTY_ROOT`] when there is no leaf.
    pub root: Hash,
}

/// Why a proof is not made or not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index is not below the size of the tree.
    #[error("the tree has no leaf {index}, only {size}")]
    Index {
        /// The index asked for.
        index: u64,
        /// Number of leaves.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("a tree of {old} leaves is not the beginning of one of {new}")]
    Shrunk {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// The proof has more or fewer hashes than trees of these sizes call for.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

#[cfg(test)]
mod tests;
