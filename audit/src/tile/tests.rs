mod bundle;
mod path;
mod proof;

use proptest::prelude::*;

use super::*;

fn coordinates(tiles: impl Iterator<Item = Tile>) -> Vec<(u8, u64, u16)> {
    tiles
        .map(|tile| (tile.level, tile.index, tile.width))
        .collect()
}

#[test]
fn the_tree_of_70_000_leaves_has_the_tiles_that_the_format_counts() {
    let all: Vec<Tile> = tiles(70_000).collect();
    let full = |level| {
        all.iter()
            .filter(|tile| tile.level == level && tile.is_full())
            .count()
    };
    assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
    assert_eq!(
        coordinates(partial(70_000)),
        [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    );
    assert_eq!(coordinates(partial(256)), [(1, 0, 1)]);
    assert_eq!(coordinates(tiles(256)), [(0, 0, 256), (1, 0, 1)]);
}

#[test]
fn a_tree_without_leaves_has_no_tiles() {
    assert_eq!(tiles(0).count(), 0);
    assert_eq!(partial(0).count(), 0);
    assert_eq!(Tile::at(0, 0, 0), None);
}

#[test]
fn an_append_completes_the_tiles_it_fills() {
    assert_eq!(coordinates(completed(0, 255)), []);
    assert_eq!(coordinates(completed(255, 256)), [(0, 0, 256)]);
    assert_eq!(coordinates(completed(256, 511)), []);
    assert_eq!(
        coordinates(completed(250, 770)),
        [(0, 0, 256), (0, 1, 256), (0, 2, 256)]
    );
    assert_eq!(
        coordinates(completed(65_535, 65_537)),
        [(0, 255, 256), (1, 0, 256)]
    );
    assert_eq!(coordinates(completed(9, 9)), []);
    assert_eq!(coordinates(completed(512, 3)), []);
}

#[test]
fn the_largest_sizes_are_handled() {
    assert_eq!(partial(u64::MAX).count(), 8);
    assert_eq!(tiles(u64::MAX).next(), completed(0, u64::MAX).next());
    assert_eq!(Tile::at(7, 0, u64::MAX).map(|tile| tile.width), Some(255));
    assert_eq!(Tile::at(8, 0, u64::MAX), None);
    assert_eq!(Tile::at(0, u64::MAX, u64::MAX), None);
    let last = Tile::at(0, u64::MAX / 256, u64::MAX).unwrap();
    assert_eq!(last.places().end, u64::MAX);
}

#[test]
fn a_tile_is_1_to_256_hashes() {
    assert_eq!(read_tile(&[7; 64]).map(|hashes| hashes.len()), Some(2));
    for len in [0, 1, 31, 33, 257 * 32] {
        assert_eq!(read_tile(&vec![0; len]), None);
    }
    assert_eq!(tile_root(&[0; 255 * 32]), None);
    assert!(tile_root(&[0; 256 * 32]).is_some());
    assert_eq!(Tile::at(0, 0, 3).map(Tile::byte_len), Some(96));
}

proptest! {
    #[test]
    fn growth_completes_exactly_the_full_tiles_that_were_not_before(old in 0_u64..200_000, more in 0_u64..200_000) {
        let full = |size| tiles(size).filter(|tile| tile.is_full());
        let before: std::collections::BTreeSet<Tile> = full(old).collect();
        let added: Vec<Tile> = full(old + more).filter(|tile| !before.contains(tile)).collect();
        prop_assert_eq!(completed(old, old + more).collect::<Vec<_>>(), added);
        let partial_of: Vec<Tile> = tiles(old).filter(|tile| !tile.is_full()).collect();
        prop_assert_eq!(partial(old).collect::<Vec<_>>(), partial_of);
    }
}
