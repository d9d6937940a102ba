//! That a leaf is in a tree: RFC 6962, section 2.1.1; verified as in RFC 9162, section 2.1.3.2.

use std::ops::Range;

use super::subtree::split;
use super::{ProofError, TreeHead, node};
use crate::hash::Hash;

/// The ranges of leaves whose hashes prove that leaf `index` is in a tree of `size` leaves, the leaf's own
/// sibling first.
pub fn inclusion_ranges(index: u64, size: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    let mut ranges = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let middle = tree.start + split(tree.end - tree.start);
        if index < middle {
            ranges.push(middle..tree.end);
            tree.end = middle;
        } else {
            ranges.push(tree.start..middle);
            tree.start = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

/// The root that `proof` leads to from the hash of leaf `index` in a tree of `size` leaves.
pub fn inclusion_root(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place % 2 == 1 || place == last {
            hash = node(sibling, &hash);
            // On the right edge, levels without a sibling are passed over.
            let passed = place.trailing_zeros();
            place >>= passed;
            last >>= passed;
        } else {
            hash = node(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last == 0 {
        Ok(hash)
    } else {
        Err(ProofError::Length)
    }
}

/// Checks that the leaf with this hash stands at `index` in `tree`.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    tree: TreeHead,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if inclusion_root(leaf, index, tree.size, proof)? == tree.root {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}
