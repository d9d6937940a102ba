use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::merkle::{Frontier, TreeHead};
use crate::note::{CosignerKey, LogKey};
use crate::tile::{Tile, inclusion_proof};

const LOG: &str = "audit.strongroom.local/0a1b2c3d/system/e0";

fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

fn key() -> LogKey {
    LogKey::from_seed(&[1; 32])
}

fn known() -> [VerifierKey; 1] {
    [VerifierKey::log(LOG, &key().public()).unwrap()]
}

/// The proof of entry `index` in a log of at most 256.
fn proof(index: u64, size: u16) -> TlogProof {
    let mut frontier = Frontier::empty();
    let mut content = Vec::new();
    for number in 0..size.into() {
        let hash = leaf(&entry(number));
        frontier.push(hash);
        content.extend(hash.0);
    }
    let tree = TreeHead {
        size: frontier.size(),
        root: frontier.root(),
    };
    let tile = Tile::at(0, 0, tree.size).unwrap();
    let tiles = BTreeMap::from([(tile, content)]);
    let origin = LOG.to_owned();
    TlogProof {
        extra: Vec::new(),
        index,
        hashes: inclusion_proof(index, tree.size, &tiles).unwrap(),
        checkpoint: Checkpoint { origin, tree }.sign(&key()).unwrap(),
    }
}

fn parse(text: &str) -> TlogProofError {
    TlogProof::parse(text.as_bytes()).unwrap_err()
}

#[test]
fn a_proof_is_written_as_the_format_has_it() {
    let text = proof(2, 5).to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["c2sp.org/tlog-proof@v1", "index 2"]);
    assert_eq!(lines[5..8], ["", LOG, "5"]);
    assert_eq!(lines.len(), 11);
    let extra = TlogProof {
        extra: b"0".to_vec(),
        ..proof(2, 5)
    };
    assert_eq!(
        extra.to_string(),
        text.replace("index 2\n", "extra MA==\nindex 2\n")
    );
}

#[test]
fn every_entry_of_a_log_is_proved() {
    for size in [1, 2, 3, 7, 8, 9, 200] {
        for index in 0..u64::from(size) {
            let proof = proof(index, size);
            let read = TlogProof::parse(proof.to_string().as_bytes()).unwrap();
            assert_eq!(read, proof);
            let keys = known();
            let opened = read.verify(&entry(index), &keys).unwrap();
            assert_eq!(opened.checkpoint.tree.size, u64::from(size));
            let other = read.verify(&entry(index + 1), &keys);
            assert_eq!(other, Err(ProofError::Root.into()));
        }
    }
}

#[test]
fn a_proof_holds_for_its_index_only() {
    for index in 0..9 {
        let moved = TlogProof {
            index,
            ..proof(4, 9)
        };
        assert_eq!(moved.verify(&entry(4), &known()).is_ok(), index == 4);
    }
    let beyond = TlogProof {
        index: 9,
        ..proof(4, 9)
    };
    assert!(matches!(
        beyond.verify(&entry(4), &known()),
        Err(TlogProofError::Inclusion(ProofError::Index { .. }))
    ));
}

#[test]
fn a_proof_without_the_signature_of_its_log_is_refused() {
    let mut proof = proof(2, 5);
    assert!(matches!(
        proof.verify(&entry(2), &[]),
        Err(TlogProofError::Checkpoint(CheckpointError::Note(
            NoteError::Unsigned
        )))
    ));
    let cosigner = CosignerKey::from_seed(&[2; 32]);
    proof.checkpoint = Note::new(proof.checkpoint.text()).unwrap();
    proof.checkpoint.cosign("time", &cosigner, 5).unwrap();
    let time = VerifierKey::cosigner("time", &cosigner.public()).unwrap();
    assert!(matches!(
        proof.verify(&entry(2), &[time]),
        Err(TlogProofError::Checkpoint(CheckpointError::NotByLog { .. }))
    ));
}

#[test]
fn a_malformed_proof_is_refused() {
    let text = proof(2, 5).to_string();
    let with = |from: &str, to: &str| text.replacen(from, to, 1);
    assert_eq!(parse(""), TlogProofError::Header);
    assert_eq!(parse(&with("@v1", "@v2")), TlogProofError::Header);
    assert_eq!(parse(&with("@v1\n", "@v1\r\n")), TlogProofError::Header);
    assert_eq!(parse(&format!("\n{text}")), TlogProofError::Header);
    for extra in [
        "extra \n",
        "extra MA\n",
        "extra MB==\n",
        "extra  MA==\n",
        "extra MA==MA==\n",
    ] {
        assert_eq!(
            parse(&with("index", &format!("{extra}index"))),
            TlogProofError::Extra
        );
    }
    for index in [
        "index 02",
        "index +2",
        "index ",
        "index  2",
        "Index 2",
        "index 2 ",
        "extra MA==\nextra MA==\nindex 2",
    ] {
        assert_eq!(parse(&with("index 2", index)), TlogProofError::Index);
    }
    assert_eq!(
        parse(&with("index 2\n", "index 2\nAAAA\n")),
        TlogProofError::Hash { number: 1 }
    );
    assert_eq!(parse(&text[..80]), TlogProofError::Hash { number: 2 });
    assert_eq!(
        parse(&with("\n\n", "\n")),
        TlogProofError::Hash { number: 4 }
    );
    assert!(matches!(
        parse(&with("\n\n", "\n\n\n")),
        TlogProofError::Checkpoint(_)
    ));
    assert!(matches!(
        parse(&format!("{text}\n")),
        TlogProofError::Checkpoint(_)
    ));
}

#[test]
fn hashes_and_bytes_are_bounded() {
    let with = |count: usize| TlogProof {
        hashes: vec![Hash::ZERO; count],
        ..proof(0, 1)
    };
    assert!(TlogProof::parse(with(64).to_string().as_bytes()).is_ok());
    assert_eq!(parse(&with(65).to_string()), TlogProofError::TooManyHashes);
    assert_eq!(
        parse(&" ".repeat(MAX_BYTE_LEN + 1)),
        TlogProofError::TooLong
    );
}

proptest! {
    #[test]
    fn a_flipped_bit_is_never_believed(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = proof(77, 200).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = TlogProof::parse(&bytes) {
            prop_assert_eq!(read.to_string().into_bytes(), bytes);
            prop_assert!(read.verify(&entry(77), &known()).is_err());
        }
    }

    #[test]
    fn what_is_accepted_is_written_again_byte_for_byte(extra in prop::collection::vec(any::<u8>(), 0..50), index in any::<u64>(), count in 0_usize..64) {
        let proof = TlogProof { extra, index, hashes: vec![Hash::ZERO; count], ..proof(0, 3) };
        prop_assert_eq!(TlogProof::parse(proof.to_string().as_bytes()), Ok(proof));
    }
}
