//! The bodies of the fuzz targets on their seeds and on random changes of them.
#![expect(clippy::unwrap_used, reason = "a panic is the failure of a test")]

#[path = "../fuzz/bodies.rs"]
mod bodies;

use proptest::prelude::*;
use proptest::sample::Index;

type Body = fn(&[u8]) -> bool;

const TARGETS: [(&str, Body); 6] = [
    ("note", bodies::note),
    ("tile_path", bodies::tile_path),
    ("entry", bodies::entry),
    ("entries_bundle", bodies::entries_bundle),
    ("proof", bodies::proof),
    ("bundle", bodies::bundle),
];

/// What a change does at its place.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Flip(u8),
    Set(u8),
    Insert(u8),
    Remove,
    Cut,
    /// Puts a piece of another seed there.
    Splice(Index, Index),
    /// Repeats what is behind the place.
    Repeat,
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn change(bytes: &mut Vec<u8>, at: Index, edit: Edit, others: &[Vec<u8>]) {
    let at = at.index(bytes.len() + 1);
    match edit {
        Edit::Flip(bit) => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1 << (bit % 8)),
        Edit::Set(byte) => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|old| *old = byte),
        Edit::Insert(byte) => bytes.insert(at, byte),
        Edit::Remove => drop(bytes.drain(at..bytes.len().min(at + 1))),
        Edit::Cut => bytes.truncate(at),
        Edit::Splice(which, from) => {
            let other = which.get(others);
            let piece = other[from.index(other.len())..].iter().copied().take(64);
            bytes.splice(at..at, piece.collect::<Vec<_>>());
        }
        Edit::Repeat => bytes.extend_from_within(at..),
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        any::<u8>().prop_map(Edit::Flip),
        any::<u8>().prop_map(Edit::Set),
        prop::sample::select(b"\n\r\0 \"\\,:{}[]+-/=.x0189aA\xc3\xff".as_slice())
            .prop_map(Edit::Set),
        any::<u8>().prop_map(Edit::Insert),
        prop::sample::select(b"\n \"\\,:{}[]+-/=.x0189aA".as_slice()).prop_map(Edit::Insert),
        Just(Edit::Remove),
        Just(Edit::Cut),
        any::<(Index, Index)>().prop_map(|(which, from)| Edit::Splice(which, from)),
        Just(Edit::Repeat),
    ]
}

#[test]
fn every_seed_is_accepted() {
    for (target, body) in TARGETS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target}");
        assert!(seeds.iter().all(|seed| body(seed)), "{target}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn changed_seeds_break_nothing(which in any::<Index>(), edits in prop::collection::vec((any::<Index>(), edit()), 1..6)) {
        for (target, body) in TARGETS {
            let seeds = seeds(target);
            let mut bytes = which.get(&seeds).clone();
            for (at, edit) in &edits {
                change(&mut bytes, *at, *edit, &seeds);
            }
            body(&bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_break_nothing(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for (_, body) in TARGETS {
            body(&bytes);
        }
    }
}
