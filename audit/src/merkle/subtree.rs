//! Complete subtrees, the pieces of which every part of a tree is made.

use std::ops::Range;

use super::node;
use crate::hash::Hash;

/// A complete subtree: the leaves from `index << level` to `(index + 1) << level`, that one excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// Its height; a leaf has 0. At most 63.
    pub level: u32,
    /// Its place among the subtrees of its height.
    pub index: u64,
}

/// The complete subtrees that a range of leaves consists of, each as large as its place and the rest of the
/// range allow. For the ranges of proofs these are the fewest there can be, the largest first.
pub fn subtrees(range: Range<u64>) -> Vec<Subtree> {
    let mut found = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let level = start.trailing_zeros().min((range.end - start).ilog2());
        found.push(Subtree {
            level,
            index: start >> level,
        });
        start += 1 << level;
    }
    found
}

/// The hash over a range of a tree from the hashes of its complete subtrees, the largest first; `None` for none.
pub fn range_root(subtrees: &[Hash]) -> Option<Hash> {
    let (last, others) = subtrees.split_last()?;
    Some(others.iter().rfold(*last, |right, left| node(left, &right)))
}

/// Where a tree of `size` leaves, two or more, is divided: the largest power of two below `size`.
pub(super) fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
