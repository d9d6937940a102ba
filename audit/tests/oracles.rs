//! The tree, its tiles, notes and checkpoints compared with implementations that nobody here wrote.
#![expect(clippy::unwrap_used, reason = "a panic is the failure of a test")]

use std::collections::BTreeMap;

use audit::checkpoint::Checkpoint;
use audit::hash::{Hash, leaf};
use audit::merkle::{Frontier, TreeHead, verify_consistency, verify_inclusion};
use audit::note::{LogKey, Note, VerifierKey};
use audit::tile::{
    Tile, TilePath, completed, consistency_proof, inclusion_proof, partial, tile_root, tiles,
};
use ct_merkle::{ConsistencyProof, InclusionProof, mem_backed_tree::MemoryBackedTree};
use data_encoding::BASE64;
use proptest::prelude::*;
use proptest::sample::Index;
use sha2::Sha256;

type OtherTree = MemoryBackedTree<Sha256, Vec<u8>>;

fn entry(number: usize) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn other_tree(size: usize) -> OtherTree {
    let mut tree = OtherTree::new();
    (0..size).for_each(|number| tree.push(entry(number)));
    tree
}

fn head(size: usize) -> TreeHead {
    let mut frontier = Frontier::empty();
    (0..size).for_each(|number| frontier.push(leaf(&entry(number))));
    TreeHead {
        size: frontier.size(),
        root: frontier.root(),
    }
}

/// All tiles of a tree, each made of the full ones below it.
fn kept(size: usize) -> BTreeMap<Tile, Vec<u8>> {
    let mut kept = BTreeMap::new();
    let mut hashes: Vec<Hash> = (0..size).map(|number| leaf(&entry(number))).collect();
    for level in 0.. {
        let mut above = Vec::new();
        for (index, chunk) in (0..).zip(hashes.chunks(256)) {
            let tile = Tile::at(level, index, size as u64).unwrap();
            let content: Vec<u8> = chunk.iter().flat_map(|hash| hash.0).collect();
            above.extend(tile_root(&content));
            kept.insert(tile, content);
        }
        if above.is_empty() {
            return kept;
        }
        hashes = above;
    }
    kept
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

fn foreign(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.0)
}

/// The path that the Go checksum database would have: with the height, and `data` for entries.
fn go_path(path: &str) -> String {
    path.replacen("tile/", "tile/8/", 1)
        .replacen("/entries/", "/data/", 1)
}

const SEED: [u8; 32] = [7; 32];

fn known(name: &str) -> VerifierKey {
    VerifierKey::log(name, &LogKey::from_seed(&SEED).public()).unwrap()
}

fn their_verifiers(name: &str) -> signed_note::VerifierList {
    let verifier = signed_note::StandardVerifier::new(&known(name).to_string()).unwrap();
    signed_note::VerifierList::new(vec![Box::new(verifier)])
}

fn their_signer(name: &str) -> signed_note::StandardSigner {
    let id = data_encoding::HEXLOWER.encode(&known(name).id());
    let seed = BASE64.encode(&[[1].as_slice(), &SEED].concat());
    signed_note::StandardSigner::new(&format!("PRIVATE+KEY+{name}+{id}+{seed}")).unwrap()
}

/// A checkpoint with signatures of a known and an unknown key.
fn signed() -> Note {
    let checkpoint = Checkpoint {
        origin: "log.example/1".to_owned(),
        tree: head(3),
    };
    let mut note = checkpoint.sign(&LogKey::from_seed(&SEED)).unwrap();
    note.sign("other", &LogKey::from_seed(&[8; 32])).unwrap();
    note
}

proptest! {
    #[test]
    fn roots_and_proofs_are_those_of_ct_merkle(size in 1_usize..1_500, at in any::<Index>()) {
        let theirs = other_tree(size);
        let ours = head(size);
        let index = at.index(size);
        prop_assert_eq!(ours.root.0, <[u8; 32]>::from(*theirs.root().as_bytes()));
        let tiles = kept(size);

        let proof = inclusion_proof(index as u64, size as u64, &tiles).unwrap();
        prop_assert_eq!(bytes(&proof), theirs.prove_inclusion(index).as_bytes().to_vec());
        let read = InclusionProof::try_from_bytes(bytes(&proof)).unwrap();
        prop_assert!(theirs.root().verify_inclusion(&entry(index), index as u64, &read).is_ok());

        let old = index + 1;
        let proof = consistency_proof(old as u64, size as u64, &tiles).unwrap();
        prop_assert_eq!(bytes(&proof), theirs.prove_consistency(size - old).as_bytes().to_vec());
        let read = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
        prop_assert!(theirs.root().verify_consistency(&other_tree(old).root(), &read).is_ok());
    }

    #[test]
    fn proofs_are_judged_as_tlog_tiles_judges_them(size in 1_usize..600, at in any::<Index>(), other in any::<Index>(), flip in any::<Index>()) {
        let tiles = kept(size);
        let new = head(size);
        let index = at.index(size);
        let mut proof = inclusion_proof(index as u64, new.size, &tiles).unwrap();
        for place in [index, other.index(size), size] {
            let leaf = leaf(&entry(index));
            let theirs = tlog_tiles::check_record(&proof.iter().copied().map(foreign).collect(), new.size, foreign(new.root), place as u64, foreign(leaf));
            prop_assert_eq!(verify_inclusion(leaf, place as u64, new, &proof).is_ok(), theirs.is_ok());
        }
        let old = head(index + 1);
        proof = consistency_proof(old.size, new.size, &tiles).unwrap();
        for _ in 0..2 {
            let theirs = tlog_tiles::check_tree(&proof.iter().copied().map(foreign).collect(), new.size, foreign(new.root), old.size, foreign(old.root));
            prop_assert_eq!(verify_consistency(old, new, &proof).is_ok(), theirs.is_ok());
            if !proof.is_empty() {
                let at = flip.index(proof.len());
                proof[at].0[0] ^= 1;
            }
        }
    }

    #[test]
    fn the_tiles_of_a_growing_tree_are_those_of_tlog_tiles(old in 0_u64..300_000, more in 0_u64..70_000) {
        let new = old + more;
        let mut theirs: Vec<String> = tlog_tiles::Tile::new_tiles(8, old, new).iter().map(tlog_tiles::Tile::path).collect();
        let changed = |tile: &Tile| !tiles(old).any(|other| other == *tile);
        let mut ours: Vec<String> = completed(old, new).chain(partial(new).filter(changed)).map(|tile| go_path(&tile.path())).collect();
        theirs.sort();
        ours.sort();
        prop_assert_eq!(ours, theirs);
    }

    // Above level 2 they read paths of tiles that no tree of 64-bit size has.
    #[test]
    fn paths_are_those_of_tlog_tiles(path in "tile/([012]|entries|data)/(x[0-9]{3}/){0,3}x?[0-9]{2,3}(\\.p/[1-9][0-9]{0,2})?") {
        let theirs = tlog_tiles::Tile::from_path(&go_path(&path)).is_ok() && !path.contains("data");
        prop_assert_eq!(TilePath::parse(&path).is_some(), theirs, "{}", path);
    }

    #[test]
    fn signatures_are_those_of_signed_note(text in "([^\\x00-\\x1f]{0,20}\n){1,5}", name in "[a-z./]{1,12}") {
        let mut ours = Note::new(text.clone()).unwrap();
        ours.sign(&name, &LogKey::from_seed(&SEED)).unwrap();
        let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        theirs.add_sigs(&[&their_signer(&name)]).unwrap();
        prop_assert_eq!(ours.to_string().into_bytes(), theirs.to_bytes());
        prop_assert!(theirs.verify(&their_verifiers(&name)).is_ok());
    }

    #[test]
    fn damaged_notes_are_judged_as_signed_note_judges_them(edits in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..3), 0..4)) {
        let mut bytes = signed().to_string().into_bytes();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b" \n+=A"[usize::from(byte % 5)]),
                _ => drop(bytes.remove(at)),
            }
        }
        let theirs = signed_note::Note::from_bytes(&bytes);
        let ours = Note::parse(&bytes);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}", ours);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            let keys = [known("log.example/1")];
            prop_assert_eq!(ours.verify(&keys).is_ok(), theirs.verify(&their_verifiers("log.example/1")).is_ok());
            prop_assert_eq!(ours.text().as_bytes(), theirs.text());
        }
    }

    #[test]
    fn checkpoints_are_read_as_tlog_tiles_reads_them(text in "[a +]{0,2}\n(0|[+0]?[1-9][0-9]{0,20})\n(CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2[IJ]=|47DEQpj8HBSa\\+/TImW\\+5JCeuQeRkm5NMpJWZG3hSuFU=|AAAA)\n([ab]?\n){0,2}b?") {
        let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes());
        let ours = Checkpoint::parse(&text);
        // They take any root for the tree without leaves.
        let rootless = theirs.as_ref().is_ok_and(|read| read.size() == 0 && read.hash().0 != audit::merkle::EMPTY_ROOT.0);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok() && !rootless, "{:?}", ours);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!((ours.origin.as_str(), ours.tree.size, ours.tree.root.0), (theirs.origin(), theirs.size(), theirs.hash().0));
        }
    }
}
