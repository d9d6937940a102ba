//! Checkpoints, cosignatures and proofs. Ed25519 signs the same text the same way each time.

use audit::checkpoint::Checkpoint;
use audit::merkle::{EMPTY_ROOT, TreeHead};
use audit::note::{CosignerKey, LogKey, Note, VerifierKey};
use audit::proof::TlogProof;
use data_encoding::HEXLOWER;
use serde_json::Value;

use super::{hash, list, number, text, vectors};

fn log_key(value: &Value) -> LogKey {
    let key = LogKey::from_seed(&hash(&value["seed"]).0);
    assert_eq!(HEXLOWER.encode(&key.public()), text(value, "public"));
    key
}

fn known(value: &Value) -> VerifierKey {
    let key = VerifierKey::parse(text(value, "vkey")).unwrap();
    assert_eq!(key.to_string(), text(value, "vkey"));
    assert_eq!(HEXLOWER.encode(&key.public()), text(value, "public"));
    key
}

fn checkpoint(vectors: &Value, tree: TreeHead) -> Checkpoint {
    let origin = text(&vectors["key"], "origin").to_owned();
    Checkpoint { origin, tree }
}

fn whole(vectors: &Value) -> Checkpoint {
    let size = number(&vectors["checkpoint"], "size");
    let root = hash(&vectors["tree"]["roots"][9]);
    checkpoint(vectors, TreeHead { size, root })
}

#[test]
fn the_log_signs_exactly_these_checkpoints() {
    let vectors = vectors();
    let vector = &vectors["checkpoint"];
    let whole = whole(&vectors);
    assert_eq!(whole.to_string(), text(vector, "body"));
    let key = log_key(&vectors["key"]);
    let note = whole.sign(&key).unwrap();
    assert_eq!(note.to_string(), text(vector, "note"));

    let empty = TreeHead {
        size: 0,
        root: EMPTY_ROOT,
    };
    let empty = checkpoint(&vectors, empty).sign(&key).unwrap();
    assert_eq!(empty.to_string(), text(vector, "empty"));

    let keys = [known(&vectors["key"])];
    for text in [text(vector, "note"), text(vector, "empty")] {
        let note = Note::parse(text.as_bytes()).unwrap();
        assert_eq!(Checkpoint::open(&note, &keys).unwrap().log_keys, [&keys[0]]);
    }
}

#[test]
fn two_keys_sign_exactly_so_while_one_takes_over() {
    let vectors = vectors();
    let vector = &vectors["checkpoint"]["successor"];
    let whole = whole(&vectors);
    let mut note = whole.sign(&log_key(&vectors["key"])).unwrap();
    note.sign(&whole.origin, &log_key(vector)).unwrap();
    assert_eq!(note.to_string(), text(vector, "note"));
    let keys = [known(&vectors["key"]), known(vector)];
    for known in [&keys[..1], &keys[1..], &keys] {
        let opened = Checkpoint::open(&note, known).unwrap();
        assert_eq!(opened.checkpoint, whole);
        assert_eq!(opened.log_keys.len(), known.len());
    }
}

#[test]
fn the_cosigner_states_exactly_this_time() {
    let vectors = vectors();
    let vector = &vectors["cosignature"];
    let key = CosignerKey::from_seed(&hash(&vector["seed"]).0);
    let mut note = whole(&vectors).sign(&log_key(&vectors["key"])).unwrap();
    let time = number(vector, "time");
    note.cosign(text(vector, "name"), &key, time).unwrap();
    assert_eq!(note.to_string(), text(vector, "note"));
    let message = format!("cosignature/v1\ntime {time}\n{}", note.text());
    assert_eq!(message, text(vector, "message"));

    let keys = [known(&vectors["key"]), known(vector)];
    let note = Note::parse(text(vector, "note").as_bytes()).unwrap();
    let opened = Checkpoint::open(&note, &keys).unwrap();
    assert_eq!(opened.cosignatures.len(), 1);
    assert_eq!(opened.cosignatures[0].time, time);
}

#[test]
fn entries_have_exactly_these_proofs() {
    let vectors = vectors();
    let keys = [known(&vectors["key"])];
    for vector in list(&vectors, "proofs") {
        let proof = TlogProof::parse(text(vector, "proof").as_bytes()).unwrap();
        assert_eq!(proof.to_string(), text(vector, "proof"));
        assert_eq!(proof.index, number(vector, "index"));
        assert_eq!(HEXLOWER.encode(&proof.extra), text(vector, "extra"));
        for (index, entry) in (0..).zip(list(&vectors, "entries")) {
            let verified = proof.verify(text(entry, "raw").as_bytes(), &keys);
            assert_eq!(verified.is_ok(), index == proof.index);
        }
    }
}
