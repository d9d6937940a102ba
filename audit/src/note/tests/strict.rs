//! Signatures that a lenient verifier takes. Computed by another implementation for the text `text\n` and the seed
//! of 32 bytes 1.

use data_encoding::HEXLOWER;

use super::*;

fn verify(signature: &str) -> Result<usize, NoteError> {
    let known = [known("name", 1)];
    let note = Note {
        text: "text\n".to_owned(),
        signatures: vec![Signature {
            name: "name".to_owned(),
            key_id: known[0].id(),
            bytes: HEXLOWER.decode(signature.as_bytes()).unwrap(),
        }],
    };
    reread(&note).verify(&known).map(|signers| signers.len())
}

fn forged() -> Result<usize, NoteError> {
    let name = "name".to_owned();
    Err(NoteError::Forged { name })
}

#[test]
fn the_second_spelling_of_a_signature_is_refused() {
    let mut note = Note::new("text\n").unwrap();
    note.sign("name", &log_key(1)).unwrap();
    let good = HEXLOWER.encode(&note.signatures()[0].bytes);
    assert_eq!(verify(&good), Ok(1));
    // S + L instead of S.
    let other = "794e61807bbf66743f7d41988649bfae862d67d6c05330361e52563e51f0ff8f58da396587e6764f25f4dbf03247d7e295da1139edff8ad89dcf085fdb008f19";
    assert_eq!(good[..64], other[..64]);
    assert_eq!(verify(other), forged());
}

#[test]
fn a_signature_with_a_point_of_small_order_is_refused() {
    let neutral = "01000000000000000000000000000000000000000000000000000000000000003777571940ee7be9f8ff4e09e1fb6f0740d2ca4e806a6ab4c0d6f35bddf19c0f";
    assert_eq!(verify(neutral), forged());
}

#[test]
fn a_signature_of_another_length_is_refused() {
    for len in [1, 63, 65, 72] {
        assert_eq!(verify(&"00".repeat(len)), forged());
    }
}
