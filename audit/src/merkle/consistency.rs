//! That a tree begins with another: RFC 6962, section 2.1.2; verified as in RFC 9162, section 2.1.4.2.

use std::ops::Range;

use super::subtree::split;
use super::{EMPTY_ROOT, ProofError, TreeHead, node};
use crate::hash::Hash;

/// The ranges of leaves whose hashes prove that a tree of `new` leaves begins with the tree of its first `old`.
///
/// None when `old` is 0 or equal to `new`: there, nothing is left to prove.
pub fn consistency_ranges(old: u64, new: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    let mut ranges = Vec::new();
    let mut tree = 0..new;
    while old > 0 && old != tree.end {
        let middle = tree.start + split(tree.end - tree.start);
        if old <= middle {
            ranges.push(middle..tree.end);
            tree.end = middle;
        } else {
            ranges.push(tree.start..middle);
            tree.start = middle;
        }
    }
    // A verifier who knows the old root has the hash of a subtree that is the whole old tree.
    if tree.start > 0 {
        ranges.push(tree);
    }
    ranges.reverse();
    Ok(ranges)
}

/// Checks that `new` begins with the leaves of `old`. The empty tree begins every tree, a tree itself; both
/// with an empty proof.
pub fn verify_consistency(old: TreeHead, new: TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    if old.size > new.size {
        return Err(ProofError::Shrunk {
            old: old.size,
            new: new.size,
        });
    }
    if old.size == 0 || old.size == new.size {
        return verify_without_growth(old, new, proof);
    }
    if roots(old, new.size, proof)? == (old.root, new.root) {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

fn verify_without_growth(old: TreeHead, new: TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length);
    }
    let same = old.size != new.size || old.root == new.root;
    let empty = old.size != 0 || old.root == EMPTY_ROOT;
    if same && empty {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

/// The two roots that `proof` leads to.
fn roots(old: TreeHead, new_size: u64, proof: &[Hash]) -> Result<(Hash, Hash), ProofError> {
    let known = old.size.is_power_of_two().then_some(old.root);
    let mut hashes = known.into_iter().chain(proof.iter().copied());
    let first = hashes.next().ok_or(ProofError::Length)?;
    let whole = (old.size - 1).trailing_ones();
    let (mut place, mut last) = ((old.size - 1) >> whole, (new_size - 1) >> whole);
    let (mut old_root, mut new_root) = (first, first);
    for hash in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place % 2 == 1 || place == last {
            old_root = node(&hash, &old_root);
            new_root = node(&hash, &new_root);
            let passed = place.trailing_zeros();
            place >>= passed;
            last >>= passed;
        } else {
            new_root = node(&new_root, &hash);
        }
        place >>= 1;
        last >>= 1;
    }
    if last == 0 {
        Ok((old_root, new_root))
    } else {
        Err(ProofError::Length)
    }
}
