//! What must be kept of a tree in order to grow it.

use super::{EMPTY_ROOT, node, range_root};
use crate::hash::Hash;
use crate::value::MAX_INTEGER;

/// The largest tree: the numbers of its entries end at 2^53 − 1.
pub const MAX_SIZE: u64 = MAX_INTEGER + 1;

/// The roots of the complete subtrees a tree consists of, one for each bit set in its size: its compact range
/// from 0. Appending and the root need nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Default for Frontier {
    fn default() -> Frontier {
        Frontier::empty()
    }
}

impl Frontier {
    /// The tree without leaves.
    pub fn empty() -> Frontier {
        Frontier {
            size: 0,
            roots: Vec::new(),
        }
    }

    /// The tree of `size` leaves from the roots of its complete subtrees, the largest first. `None` when their
    /// number does not fit the size, or the size is above [`MAX_SIZE`].
    pub fn from_roots(size: u64, roots: Vec<Hash>) -> Option<Frontier> {
        (size <= MAX_SIZE && roots.len() == size.count_ones() as usize)
            .then_some(Frontier { size, roots })
    }

    /// Appends a leaf by its hash. Costs one hash on average, as many as the tree is high at most.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree; [`EMPTY_ROOT`] when there is no leaf.
    pub fn root(&self) -> Hash {
        range_root(&self.roots).unwrap_or(EMPTY_ROOT)
    }

    /// The roots of the complete subtrees, 32 bytes each, the largest first: what a database column keeps
    /// beside the size.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.roots.iter().flat_map(|root| root.0).collect()
    }

    /// Reads what [`Frontier::to_bytes`] wrote of a tree of `size` leaves. `None` when the length does not fit
    /// the size, or the size is above [`MAX_SIZE`]; whether the hashes are right only a root can tell.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Frontier> {
        let (roots, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return None;
        }
        Frontier::from_roots(size, roots.iter().copied().map(Hash).collect())
    }
}
