//! Roots, proofs, tiles and bundles.

use std::collections::BTreeMap;

use audit::hash::{Hash, leaf};
use audit::merkle::{Frontier, TreeHead, verify_consistency, verify_inclusion};
use audit::tile::{
    Tile, TilePath, TileSource, consistency_proof, entries, frontier_at, inclusion_proof, partial,
    tile_root, write_bundle,
};
use data_encoding::HEXLOWER;
use serde_json::Value;

use super::{hash, hashes, list, number, text, vectors};

/// The tiles of a tree by level and index, as wide as they are in the end.
struct Tiles(BTreeMap<(u8, u64), Vec<u8>>);

impl Tiles {
    fn of(leaves: &[Hash]) -> Tiles {
        let mut tiles = BTreeMap::new();
        let mut hashes = leaves.to_vec();
        for level in 0..8 {
            let mut above = Vec::new();
            for (index, chunk) in (0..).zip(hashes.chunks(256)) {
                let content: Vec<u8> = chunk.iter().flat_map(|hash| hash.0).collect();
                above.extend(tile_root(&content));
                tiles.insert((level, index), content);
            }
            hashes = above;
        }
        Tiles(tiles)
    }
}

impl TileSource for Tiles {
    fn tile(&self, tile: Tile) -> Option<&[u8]> {
        self.0.get(&(tile.level, tile.index)).map(Vec::as_slice)
    }
}

fn leaves(vectors: &Value) -> Vec<Hash> {
    list(vectors, "entries")
        .iter()
        .map(|entry| hash(&entry["leaf"]))
        .collect()
}

fn grown(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::empty();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier
}

fn head(vectors: &Value, size: u64) -> TreeHead {
    let root = hash(&vectors["tree"]["roots"][usize::try_from(size).unwrap()]);
    TreeHead { size, root }
}

#[test]
fn the_leaves_of_rfc_6962_have_exactly_these_roots() {
    let vectors = vectors();
    let known = &vectors["tree"]["rfc6962"];
    let mut frontier = Frontier::empty();
    let mut roots = vec![frontier.root()];
    for data in list(known, "leaves") {
        let data = HEXLOWER.decode(data.as_str().unwrap().as_bytes()).unwrap();
        frontier.push(leaf(&data));
        roots.push(frontier.root());
    }
    assert_eq!(roots, hashes(known, "roots"));
}

#[test]
fn the_log_has_exactly_this_root_and_frontier_at_every_size() {
    let vectors = vectors();
    let leaves = leaves(&vectors);
    let frontiers = list(&vectors["tree"], "frontiers");
    assert_eq!(frontiers.len(), 10);
    for (size, expected) in (0_u64..).zip(frontiers) {
        let frontier = grown(&leaves[..usize::try_from(size).unwrap()]);
        let bytes = frontier.to_bytes();
        assert_eq!(HEXLOWER.encode(&bytes), expected.as_str().unwrap());
        assert_eq!(Frontier::from_bytes(size, &bytes), Some(frontier.clone()));
        assert_eq!(frontier.root(), head(&vectors, size).root);
    }
}

#[test]
fn entries_have_exactly_these_proofs_of_inclusion() {
    let vectors = vectors();
    let leaves = leaves(&vectors);
    let tiles = Tiles::of(&leaves);
    for vector in list(&vectors["tree"], "inclusion") {
        let (index, size) = (number(vector, "index"), number(vector, "size"));
        let proof = hashes(vector, "proof");
        assert_eq!(inclusion_proof(index, size, &tiles), Ok(proof.clone()));
        let leaf = leaves[usize::try_from(index).unwrap()];
        let verified = verify_inclusion(leaf, index, head(&vectors, size), &proof);
        assert_eq!(verified, Ok(()));
    }
}

#[test]
fn sizes_have_exactly_these_proofs_of_consistency() {
    let vectors = vectors();
    let tiles = Tiles::of(&leaves(&vectors));
    for vector in list(&vectors["tree"], "consistency") {
        let (old, new) = (number(vector, "old"), number(vector, "new"));
        let proof = hashes(vector, "proof");
        assert_eq!(consistency_proof(old, new, &tiles), Ok(proof.clone()));
        let verified = verify_consistency(head(&vectors, old), head(&vectors, new), &proof);
        assert_eq!(verified, Ok(()));
    }
}

#[test]
fn a_large_tree_has_exactly_these_tiles_and_proofs() {
    let vectors = vectors();
    let known = &vectors["tiles"];
    let size = number(known, "size");
    let leaves: Vec<Hash> = (0..size).map(|index| leaf(&index.to_be_bytes())).collect();
    let tiles = Tiles::of(&leaves);
    for vector in list(known, "tiles") {
        let Some(TilePath::Hashes(tile)) = TilePath::parse(text(vector, "path")) else {
            panic!("{vector}");
        };
        assert_eq!(Tile::at(tile.level, tile.index, size), Some(tile));
        let content = tiles.tile(tile).unwrap();
        assert_eq!(content.len(), tile.byte_len());
        assert_eq!(Hash::of(content), hash(&vector["sha256"]));
    }
    let named: Vec<Tile> = partial(size).collect();
    assert_eq!(named.len(), 3);

    let frontier = frontier_at(size, &tiles).unwrap();
    assert_eq!(
        HEXLOWER.encode(&frontier.to_bytes()),
        text(known, "frontier")
    );
    assert_eq!(frontier.root(), hash(&known["root"]));
    let new = TreeHead {
        size,
        root: frontier.root(),
    };

    let index = number(&known["inclusion"], "index");
    let proof = hashes(&known["inclusion"], "proof");
    assert_eq!(inclusion_proof(index, size, &tiles), Ok(proof.clone()));
    let leaf = leaves[usize::try_from(index).unwrap()];
    assert_eq!(verify_inclusion(leaf, index, new, &proof), Ok(()));

    let old = TreeHead {
        size: number(&known["consistency"], "old"),
        root: hash(&known["consistency"]["root"]),
    };
    let proof = hashes(&known["consistency"], "proof");
    assert_eq!(consistency_proof(old.size, size, &tiles), Ok(proof.clone()));
    assert_eq!(verify_consistency(old, new, &proof), Ok(()));
}

#[test]
fn tiles_have_exactly_these_paths() {
    let vectors = vectors();
    for vector in list(&vectors["tiles"], "paths") {
        let tile = Tile {
            level: vector["level"]
                .as_u64()
                .unwrap_or_default()
                .try_into()
                .unwrap(),
            index: number(vector, "index"),
            width: number(vector, "width").try_into().unwrap(),
        };
        let path = if vector["level"] == "entries" {
            TilePath::Entries(tile)
        } else {
            TilePath::Hashes(tile)
        };
        assert_eq!(path.to_string(), text(vector, "path"));
        assert_eq!(TilePath::parse(text(vector, "path")), Some(path));
    }
}

#[test]
fn the_entries_make_exactly_this_bundle() {
    let vectors = vectors();
    let raws = || {
        list(&vectors, "entries")
            .iter()
            .map(|entry| text(entry, "raw").as_bytes())
    };
    let bundle = write_bundle(raws()).unwrap();
    let known = &vectors["bundle"];
    assert_eq!(bundle.len() as u64, number(known, "byte_len"));
    assert_eq!(Hash::of(&bundle), hash(&known["sha256"]));
    assert!(entries(&bundle).map(Result::unwrap).eq(raws()));
    let path = Tile::at(0, 0, 9).map(Tile::entries_path);
    assert_eq!(path.as_deref(), Some(text(known, "path")));
}
