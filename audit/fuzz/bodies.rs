//! What must hold for any bytes whatsoever: no panic, one spelling for what is accepted, and no belief in what the
//! log of the vectors has not signed. The fuzz targets run these, and `tests/fuzz.rs` on every test run. Each says
//! whether it accepted the bytes.

use std::io::Cursor;

use audit::bundle::{Archive, consistency, exhibit};
use audit::canon;
use audit::checkpoint::Checkpoint;
use audit::entry::{Draft, Entry, EntryRef};
use audit::note::{Note, VerifierKey};
use audit::offline::{Trust, verify};
use audit::proof::TlogProof;
use audit::tile::{self, TilePath};

/// The keys of the log and of the cosigner in `testdata/vectors.json`.
const KEYS: [&str; 2] = [
    "audit.strongroom.local/0a1b2c3d/t/0190a000-0000-7000-8000-00000000000a/e0+195e3980+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
    "audit.strongroom.local/0a1b2c3d/time+88002680+BPxRzY5iGKGjjaR+0AIw8FgIFu0TujMDrF3rkRVIkIAl",
];

/// The first key of the log in `testdata/bundle.tar.zst`, whose tar is the seed.
const BUNDLE_KEY: &str = "audit.strongroom.local/0a1b2c3d/t/0190a000-0000-7000-8000-00000000000a/e0+ca723c3e+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
const BUNDLE: &[u8] = include_bytes!("seeds/bundle/small.tar");

/// The sizes of the checkpoints that the log has signed.
const SIZES: [u64; 2] = [0, 9];

fn keys() -> Vec<VerifierKey> {
    let keys = KEYS.iter().map(|text| VerifierKey::parse(text));
    keys.filter_map(Result::ok).collect()
}

/// A note, a checkpoint in it, and a verifier key.
pub(crate) fn note(bytes: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(key) = VerifierKey::parse(text)
    {
        assert_eq!(key.to_string(), text);
    }
    let Ok(note) = Note::parse(bytes) else {
        return false;
    };
    assert_eq!(note.to_string().as_bytes(), bytes);
    if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
        assert!(note.text().starts_with(&checkpoint.to_string()));
    }
    if let Ok(opened) = Checkpoint::open(&note, &keys()) {
        assert!(SIZES.contains(&opened.checkpoint.tree.size));
    }
    true
}

/// The path of a tile or a bundle.
pub(crate) fn tile_path(bytes: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Some(read) = TilePath::parse(path) else {
        return false;
    };
    assert_eq!(read.to_string(), path);
    let (TilePath::Hashes(tile) | TilePath::Entries(tile)) = read;
    assert!((1..=tile::WIDTH).contains(&tile.width));
    true
}

/// An entry, a draft, and the canonical form of both.
pub(crate) fn entry(bytes: &[u8]) -> bool {
    if let Ok(value) = canon::parse(bytes) {
        assert_eq!(canon::write(&value), bytes);
    }
    if let Ok(draft) = Draft::from_bytes(bytes) {
        assert_eq!(draft.to_bytes(), bytes);
    }
    let borrowed = EntryRef::parse(bytes);
    assert_eq!(borrowed.is_ok(), Entry::parse(bytes).is_ok());
    assert!(borrowed.is_err() || canon::check(bytes).is_ok());
    borrowed.is_ok()
}

/// A bundle of entries.
pub(crate) fn entries_bundle(bytes: &[u8]) -> bool {
    assert!(tile::entries(bytes).count() <= usize::from(tile::WIDTH) + 1);
    let Ok(entries) = tile::entries(bytes).collect::<Result<Vec<_>, _>>() else {
        return false;
    };
    assert!(entries.len() <= usize::from(tile::WIDTH));
    assert_eq!(tile::write_bundle(entries).as_deref(), Ok(bytes));
    true
}

/// A proof; none is about an entry without bytes.
pub(crate) fn proof(bytes: &[u8]) -> bool {
    let Ok(proof) = TlogProof::parse(bytes) else {
        return false;
    };
    assert_eq!(proof.to_string().as_bytes(), bytes);
    assert!(proof.verify(b"", &keys()).is_err());
    true
}

/// An archive, and a tar to be made one.
pub(crate) fn bundle(bytes: &[u8]) -> bool {
    let trust = Trust {
        keys: VerifierKey::parse(BUNDLE_KEY).into_iter().collect(),
        ..Trust::default()
    };
    let packed = zstd::encode_all(bytes, 1).unwrap_or_default();
    let mut intact = false;
    for archive in [bytes, &packed] {
        let source = Archive::new(|| Ok(Cursor::new(archive)));
        let report = verify(&source, &trust, &mut |_, _| {});
        assert!(!report.is_intact() || bytes == BUNDLE);
        intact |= report.is_intact();
        assert!(exhibit(&source, 3).is_ok() || !report.is_intact());
        assert!(consistency(&source, 5, 11).is_ok() || !report.is_intact());
    }
    intact
}
