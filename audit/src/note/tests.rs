mod keys;
mod malformed;
mod strict;

use data_encoding::BASE64;
use proptest::prelude::*;

use super::*;

const GO_VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn go_note() -> String {
    format!("{GO_TEXT}\n{GO_LINE}")
}

fn go_key() -> VerifierKey {
    VerifierKey::parse(GO_VKEY).unwrap()
}

fn log_key(number: u8) -> LogKey {
    LogKey::from_seed(&[number; 32])
}

fn cosigner(number: u8) -> CosignerKey {
    CosignerKey::from_seed(&[number; 32])
}

fn known(name: &str, number: u8) -> VerifierKey {
    VerifierKey::log(name, &log_key(number).public()).unwrap()
}

fn known_cosigner(name: &str, number: u8) -> VerifierKey {
    VerifierKey::cosigner(name, &cosigner(number).public()).unwrap()
}

fn reread(note: &Note) -> Note {
    Note::parse(note.to_string().as_bytes()).unwrap()
}

#[test]
fn the_note_of_the_go_note_package_verifies_and_is_made_again() {
    let read = Note::parse(go_note().as_bytes()).unwrap();
    assert_eq!(read.text(), GO_TEXT);
    let key = go_key();
    let signers = read.verify(std::slice::from_ref(&key)).unwrap();
    assert_eq!(
        signers,
        [Signer {
            key: &key,
            time: None
        }]
    );

    let seed: [u8; 32] = BASE64.decode(GO_SEED.as_bytes()).unwrap()[1..]
        .try_into()
        .unwrap();
    let mut made = Note::new(GO_TEXT).unwrap();
    made.sign("PeterNeumann", &LogKey::from_seed(&seed))
        .unwrap();
    assert_eq!(made.to_string(), go_note());
}

#[test]
fn the_examples_of_c2sp_are_read() {
    let poem = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = Note::parse(poem.as_bytes()).unwrap();
    assert!(note.text().ends_with("sole:\n\ned è subito sera.\n"));
    assert_eq!(note.to_string(), poem);

    let checkpoint = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = Note::parse(checkpoint.as_bytes()).unwrap();
    let [log, witness] = note.signatures() else {
        panic!("two signatures");
    };
    assert_eq!(
        (log.name.as_str(), log.bytes.len()),
        ("example.com/behind-the-sofa", 64)
    );
    assert_eq!(
        (witness.name.as_str(), witness.bytes.len()),
        ("witness.example.com/w1", 72)
    );
    assert_eq!(witness.bytes[..8], 1_679_315_147_u64.to_be_bytes());
    assert_eq!(note.to_string(), checkpoint);
}

#[test]
fn a_cosigner_signs_the_header_the_time_and_the_text() {
    assert_eq!(
        sign::cosigned(
            1_679_315_147,
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        ),
        "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    );
}

#[test]
fn signatures_of_unknown_keys_are_ignored_even_with_half_of_a_known_identity() {
    let mut note = Note::parse(go_note().as_bytes()).unwrap();
    note.sign("PeterNeumann", &log_key(1)).unwrap();
    note.signatures.push(Signature {
        name: "EnochRoot".to_owned(),
        ..note.signatures[0].clone()
    });
    assert_eq!(reread(&note).verify(&[go_key()]).unwrap().len(), 1);
    note.signatures.remove(0);
    assert_eq!(reread(&note).verify(&[go_key()]), Err(NoteError::Unsigned));
}

#[test]
fn a_note_that_no_known_key_has_signed_is_refused() {
    let note = Note::parse(go_note().as_bytes()).unwrap();
    assert_eq!(note.verify(&[]), Err(NoteError::Unsigned));
    assert_eq!(note.verify(&[known("other", 1)]), Err(NoteError::Unsigned));
}

#[test]
fn a_wrong_signature_of_a_known_key_condemns_the_note() {
    let mut note = Note::new("text\n").unwrap();
    note.sign("right", &log_key(1)).unwrap();
    note.sign("wrong", &log_key(2)).unwrap();
    note.signatures[1].bytes[0] ^= 1;
    let keys = [known("right", 1), known("wrong", 2)];
    let forged = NoteError::Forged {
        name: "wrong".to_owned(),
    };
    assert_eq!(reread(&note).verify(&keys), Err(forged));
    assert_eq!(reread(&note).verify(&keys[..1]).unwrap().len(), 1);
}

#[test]
fn a_key_that_signs_again_takes_the_place_of_its_signature() {
    let mut note = Note::new("text\n").unwrap();
    note.cosign("time", &cosigner(1), 10).unwrap();
    note.sign("log", &log_key(2)).unwrap();
    note.cosign("time", &cosigner(1), 20).unwrap();
    note.sign("log", &log_key(2)).unwrap();
    assert_eq!(note.signatures().len(), 2);
    let keys = [known("log", 2), known_cosigner("time", 1)];
    let note = reread(&note);
    let times: Vec<_> = note
        .verify(&keys)
        .unwrap()
        .iter()
        .map(|signer| signer.time)
        .collect();
    assert_eq!(times, [None, Some(20)]);
}

#[test]
fn of_several_signatures_of_one_key_all_must_hold_and_the_last_time_counts() {
    let mut note = Note::new("text\n").unwrap();
    note.cosign("time", &cosigner(1), 20).unwrap();
    let mut earlier = Note::new("text\n").unwrap();
    earlier.cosign("time", &cosigner(1), 10).unwrap();
    note.signatures.extend(earlier.signatures);
    let keys = [known_cosigner("time", 1)];
    assert_eq!(reread(&note).verify(&keys).unwrap()[0].time, Some(20));
    note.signatures.reverse();
    assert_eq!(reread(&note).verify(&keys).unwrap()[0].time, Some(20));
    note.signatures[0].bytes[20] ^= 1;
    assert!(matches!(
        reread(&note).verify(&keys),
        Err(NoteError::Forged { .. })
    ));
}

#[test]
fn a_key_listed_twice_counts_once_and_two_keys_of_one_identity_not_at_all() {
    let note = Note::parse(go_note().as_bytes()).unwrap();
    assert_eq!(note.verify(&[go_key(), go_key()]).unwrap().len(), 1);
    let impostor = go_key().with_id_of(&known("PeterNeumann", 1));
    let ambiguous = NoteError::Ambiguous {
        name: "PeterNeumann".to_owned(),
    };
    let keys = [known("PeterNeumann", 1), impostor];
    assert_eq!(note.verify(&keys), Err(ambiguous));
}

#[test]
fn a_signature_of_one_type_is_none_of_the_other() {
    let seed = [7; 32];
    let text = "cosignature/v1\ntime 5\ntext\n";
    let mut note = Note::new(text).unwrap();
    note.sign("name", &LogKey::from_seed(&seed)).unwrap();
    let signature = note.signatures[0].bytes.clone();
    let cosigner = VerifierKey::cosigner("name", &LogKey::from_seed(&seed).public()).unwrap();
    let mut inner = Note::new("text\n").unwrap();
    inner.signatures.push(Signature {
        name: "name".to_owned(),
        key_id: cosigner.id(),
        bytes: signature,
    });
    assert!(matches!(
        inner.verify(&[cosigner]),
        Err(NoteError::Forged { .. })
    ));
}

#[test]
fn a_time_beyond_the_format_is_neither_made_nor_believed() {
    let mut note = Note::new("text\n").unwrap();
    assert_eq!(
        note.cosign("time", &cosigner(1), 1 << 63),
        Err(NoteError::Time)
    );
    note.cosign("time", &cosigner(1), sign::MAX_TIME).unwrap();
    let keys = [known_cosigner("time", 1)];
    assert_eq!(note.verify(&keys).unwrap()[0].time, Some(sign::MAX_TIME));
    let beyond = cosigner(1).sign(sign::cosigned(1 << 63, "text\n").as_bytes());
    note.signatures[0].bytes = [(1_u64 << 63).to_be_bytes().as_slice(), &beyond].concat();
    assert!(matches!(note.verify(&keys), Err(NoteError::Forged { .. })));
}

#[test]
fn a_note_does_not_outgrow_its_limits() {
    let mut note = Note::new("text\n").unwrap();
    for number in 0..100 {
        note.sign(&format!("key{number}"), &log_key(1)).unwrap();
    }
    let full = note.clone();
    assert_eq!(note.sign("one more", &log_key(1)), Err(NoteError::Name));
    assert_eq!(
        note.sign("one-more", &log_key(1)),
        Err(NoteError::TooManySignatures)
    );
    assert_eq!(note, full);
    assert_eq!(reread(&note), full);
    let mut large = Note::new("x".repeat(MAX_BYTE_LEN - 1) + "\n").unwrap();
    assert_eq!(large.sign("key", &log_key(1)), Err(NoteError::TooLong));
}

proptest! {
    #[test]
    fn what_is_signed_is_read_back_and_verifies(text in "([^\\x00-\\x1f]{0,20}\n){1,8}", names in prop::collection::btree_set("[a-z./]{1,12}", 1..6), time in 0..=sign::MAX_TIME) {
        let mut note = Note::new(text).unwrap();
        for (number, name) in (0..).zip(&names) {
            note.sign(name, &log_key(number)).unwrap();
            note.cosign(name, &cosigner(number), time).unwrap();
        }
        let read = reread(&note);
        prop_assert_eq!(&read, &note);
        let keys: Vec<_> = (0..).zip(&names).flat_map(|(number, name)| [known(name, number), known_cosigner(name, number)]).collect();
        prop_assert_eq!(read.verify(&keys).unwrap().len(), keys.len());
        for signer in read.verify(&keys).unwrap() {
            prop_assert_eq!(signer.time, (signer.key.algorithm() == Algorithm::CosignatureV1).then_some(time));
        }
    }

    #[test]
    fn a_flipped_bit_is_never_believed(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut note = Note::new("origin\n12\nroot\n").unwrap();
        note.sign("log", &log_key(1)).unwrap();
        note.cosign("time", &cosigner(2), 1_700_000_000).unwrap();
        let keys = [known("log", 1), known_cosigner("time", 2)];
        let mut bytes = note.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // What is left may be a signature less, never another text, key or time.
        if let Ok(read) = Note::parse(&bytes)
            && let Ok(signers) = read.verify(&keys)
        {
            prop_assert_eq!(read.text(), note.text());
            prop_assert_eq!(signers.len(), 1);
            prop_assert!(signers[0].time.is_none_or(|time| time == 1_700_000_000));
        }
    }
}
