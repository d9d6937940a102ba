//! Compared with the definitions of RFC 6962, section 2.1, written down as they stand there.

use proptest::prelude::*;

use super::*;
use crate::hash::leaf;

/// The roots of the first 0 to 8 of the leaves that RFC 6962 implementations test with.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn known_leaves() -> Vec<Hash> {
    [
        b"".as_slice(),
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ]
    .map(leaf)
    .to_vec()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf(&index.to_be_bytes())).collect()
}

/// MTH.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node(&root(left), &root(right))
        }
    }
}

/// PATH.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut found, sibling) = if index < middle {
        (path(index, left), root(right))
    } else {
        (path(index - middle, right), root(left))
    };
    found.push(sibling);
    found
}

/// SUBPROOF.
fn subproof(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if known {
            Vec::new()
        } else {
            vec![root(leaves)]
        };
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut found, sibling) = if old <= middle {
        (subproof(old, left, known), root(right))
    } else {
        (subproof(old - middle, right, false), root(left))
    };
    found.push(sibling);
    found
}

fn tree(leaves: &[Hash]) -> TreeHead {
    TreeHead {
        size: leaves.len() as u64,
        root: root(leaves),
    }
}

/// The hashes over `ranges`, each put together from its complete subtrees.
fn hashes(ranges: &[std::ops::Range<u64>], leaves: &[Hash]) -> Vec<Hash> {
    let hash = |subtree: Subtree| {
        let start = usize::try_from(subtree.index << subtree.level).unwrap();
        root(&leaves[start..start + (1 << subtree.level)])
    };
    ranges
        .iter()
        .map(|range| {
            let parts: Vec<Hash> = subtrees(range.clone()).into_iter().map(hash).collect();
            range_root(&parts).unwrap()
        })
        .collect()
}

fn grown(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::empty();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier
}

#[test]
fn the_trees_of_rfc_6962_have_their_known_roots() {
    let leaves = known_leaves();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root(&leaves[..size]).to_hex(), *expected);
        assert_eq!(grown(&leaves[..size]).root().to_hex(), *expected);
        assert_eq!(subtree_root(&leaves[..size]).to_hex(), *expected);
    }
    assert_eq!(EMPTY_ROOT, Hash::of(b""));
}

#[test]
fn every_proof_of_small_trees_is_the_one_of_the_rfc_and_verifies() {
    let leaves = leaves(40);
    for new in 1..=40 {
        let tree_of = &leaves[..new];
        for (index, leaf) in tree_of.iter().enumerate() {
            let proof = hashes(
                &inclusion_ranges(index as u64, new as u64).unwrap(),
                tree_of,
            );
            assert_eq!(proof, path(index, tree_of));
            assert_eq!(
                verify_inclusion(*leaf, index as u64, tree(tree_of), &proof),
                Ok(())
            );
        }
        for old in 1..=new {
            let proof = hashes(
                &consistency_ranges(old as u64, new as u64).unwrap(),
                tree_of,
            );
            assert_eq!(proof, subproof(old, tree_of, true));
            assert_eq!(
                verify_consistency(tree(&leaves[..old]), tree(tree_of), &proof),
                Ok(())
            );
        }
    }
}

#[test]
fn the_empty_tree_begins_every_tree() {
    let (empty, some) = (tree(&[]), tree(&leaves(3)));
    assert_eq!(consistency_ranges(0, 3), Ok(Vec::new()));
    assert_eq!(verify_consistency(empty, some, &[]), Ok(()));
    assert_eq!(verify_consistency(empty, empty, &[]), Ok(()));
    assert_eq!(
        verify_consistency(empty, some, &[EMPTY_ROOT]),
        Err(ProofError::Length)
    );
    let other = TreeHead { size: 0, ..some };
    assert_eq!(verify_consistency(other, some, &[]), Err(ProofError::Root));
}

#[test]
fn trees_of_one_size_agree_in_their_root_only() {
    let (one, other) = (tree(&leaves(3)), tree(&known_leaves()[..3]));
    assert_eq!(verify_consistency(one, one, &[]), Ok(()));
    assert_eq!(verify_consistency(one, other, &[]), Err(ProofError::Root));
    assert_eq!(
        verify_consistency(one, one, &[one.root]),
        Err(ProofError::Length)
    );
}

#[test]
fn a_tree_is_not_the_beginning_of_a_smaller_one() {
    let shrunk = Err(ProofError::Shrunk { old: 3, new: 2 });
    let (large, small) = (tree(&leaves(3)), tree(&leaves(2)));
    assert_eq!(verify_consistency(large, small, &[]), shrunk);
    assert_eq!(
        consistency_ranges(3, 2),
        Err(ProofError::Shrunk { old: 3, new: 2 })
    );
}

#[test]
fn a_root_does_not_pass_for_that_of_a_larger_tree() {
    let leaves = leaves(2);
    let larger = TreeHead {
        size: 4,
        ..tree(&leaves)
    };
    assert_eq!(
        verify_inclusion(leaves[0], 0, larger, &leaves[1..]),
        Err(ProofError::Length)
    );
    assert_eq!(
        verify_consistency(tree(&leaves[..1]), larger, &leaves[1..]),
        Err(ProofError::Length)
    );
}

#[test]
fn a_leaf_behind_the_end_has_no_proof() {
    let beyond = ProofError::Index { index: 3, size: 3 };
    assert_eq!(inclusion_ranges(3, 3), Err(beyond));
    assert_eq!(inclusion_root(EMPTY_ROOT, 3, 3, &[]), Err(beyond));
    assert_eq!(
        inclusion_ranges(0, 0),
        Err(ProofError::Index { index: 0, size: 0 })
    );
}

#[test]
fn the_largest_sizes_are_handled() {
    let ranges = inclusion_ranges(u64::MAX - 1, u64::MAX).unwrap();
    assert_eq!(ranges.len(), 63);
    let proof = vec![EMPTY_ROOT; ranges.len()];
    assert!(inclusion_root(EMPTY_ROOT, u64::MAX - 1, u64::MAX, &proof).is_ok());
    for old in [1, 2, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX - 1] {
        let ranges = consistency_ranges(old, u64::MAX).unwrap();
        assert!(ranges.len() <= 65);
        let head = |size| TreeHead {
            size,
            root: EMPTY_ROOT,
        };
        let proof = vec![EMPTY_ROOT; ranges.len()];
        assert_eq!(
            verify_consistency(head(old), head(u64::MAX), &proof),
            Err(ProofError::Root)
        );
    }
    assert_eq!(subtrees(0..u64::MAX).len(), 64);
}

#[test]
fn a_frontier_is_read_only_with_as_many_roots_as_its_size_calls_for() {
    let bytes = grown(&leaves(7)).to_bytes();
    assert_eq!(bytes.len(), 96);
    assert_eq!(Frontier::from_bytes(7, &bytes), Some(grown(&leaves(7))));
    assert_eq!(Frontier::from_bytes(0, &[]), Some(Frontier::empty()));
    for (size, bytes) in [
        (6, &bytes[..]),
        (8, &bytes[..]),
        (7, &bytes[..95]),
        (7, &bytes[..64]),
        (0, &bytes[..32]),
        (1, &[]),
        (MAX_SIZE * 2, &bytes[..32]),
    ] {
        assert_eq!(Frontier::from_bytes(size, bytes), None);
    }
    assert!(Frontier::from_bytes(MAX_SIZE, &bytes[..32]).is_some());
}

proptest! {
    #[test]
    fn a_frontier_has_the_root_of_the_definition(size in 0_u64..1_200) {
        let leaves = leaves(size);
        let frontier = grown(&leaves);
        prop_assert_eq!(frontier.size(), size);
        prop_assert_eq!(frontier.root(), root(&leaves));
    }

    #[test]
    fn a_frontier_kept_as_bytes_goes_on_as_if_it_had_not_been(before in 0_u64..600, more in 0_u64..600) {
        let leaves = leaves(before + more);
        let (first, rest) = leaves.split_at(usize::try_from(before).unwrap());
        let kept = grown(first).to_bytes();
        let mut frontier = Frontier::from_bytes(before, &kept).unwrap();
        rest.iter().for_each(|leaf| frontier.push(*leaf));
        prop_assert_eq!(frontier, grown(&leaves));
    }

    #[test]
    fn a_proof_of_inclusion_holds_for_its_leaf_place_and_tree_alone(size in 1_usize..700, at in any::<prop::sample::Index>(), hit in any::<prop::sample::Index>()) {
        let leaves = leaves(size as u64);
        let index = at.index(size);
        let tree = tree(&leaves);
        let proof = hashes(&inclusion_ranges(index as u64, tree.size).unwrap(), &leaves);
        prop_assert_eq!(&proof, &path(index, &leaves));
        let place = index as u64;
        prop_assert_eq!(verify_inclusion(leaves[index], place, tree, &proof), Ok(()));
        prop_assert!(verify_inclusion(EMPTY_ROOT, place, tree, &proof).is_err());
        let bigger = TreeHead { root: EMPTY_ROOT, ..tree };
        prop_assert_eq!(verify_inclusion(leaves[index], place, bigger, &proof), Err(ProofError::Root));
        let elsewhere = hit.index(size);
        prop_assert_eq!(verify_inclusion(leaves[index], elsewhere as u64, tree, &proof).is_ok(), elsewhere == index);
        let mut longer = proof.clone();
        longer.push(EMPTY_ROOT);
        prop_assert_eq!(verify_inclusion(leaves[index], place, tree, &longer), Err(ProofError::Length));
        if !proof.is_empty() {
            prop_assert_eq!(verify_inclusion(leaves[index], place, tree, &proof[1..]), Err(ProofError::Length));
            let mut changed = proof.clone();
            changed[hit.index(proof.len())].0[0] ^= 1;
            prop_assert_eq!(verify_inclusion(leaves[index], place, tree, &changed), Err(ProofError::Root));
        }
    }

    #[test]
    fn a_proof_of_consistency_holds_for_its_two_trees_alone(size in 2_usize..700, at in any::<prop::sample::Index>(), hit in any::<prop::sample::Index>()) {
        let leaves = leaves(size as u64);
        let before = 1 + at.index(size - 1);
        let (old, new) = (tree(&leaves[..before]), tree(&leaves));
        let proof = hashes(&consistency_ranges(old.size, new.size).unwrap(), &leaves);
        prop_assert_eq!(&proof, &subproof(before, &leaves, true));
        prop_assert_eq!(verify_consistency(old, new, &proof), Ok(()));
        let forged = |tree: TreeHead| TreeHead { root: EMPTY_ROOT, ..tree };
        prop_assert!(verify_consistency(forged(old), new, &proof).is_err());
        prop_assert!(verify_consistency(old, forged(new), &proof).is_err());
        let mut longer = proof.clone();
        longer.push(EMPTY_ROOT);
        prop_assert_eq!(verify_consistency(old, new, &longer), Err(ProofError::Length));
        prop_assert_eq!(verify_consistency(old, new, &proof[1..]).is_ok(), false);
        let mut changed = proof.clone();
        changed[hit.index(proof.len())].0[0] ^= 1;
        prop_assert_eq!(verify_consistency(old, new, &changed), Err(ProofError::Root));
    }

    #[test]
    fn random_proofs_of_any_size_are_refused_without_panic(old in any::<u64>(), new in any::<u64>(), len in 0_usize..70) {
        let proof = vec![EMPTY_ROOT; len];
        let head = |size| TreeHead { size, root: Hash::ZERO };
        prop_assert!(verify_inclusion(EMPTY_ROOT, old, head(new), &proof).is_err());
        prop_assert_eq!(verify_consistency(head(old), head(new), &proof).is_ok(), old == new && len == 0 && old != 0);
        for ranges in [inclusion_ranges(old, new), consistency_ranges(old, new)].into_iter().flatten() {
            prop_assert!(ranges.len() <= 65);
            prop_assert!(ranges.into_iter().all(|range| subtrees(range).len() <= 64));
        }
    }
}
