use proptest::prelude::*;

use super::*;
use crate::note::CosignerKey;

const C2SP: &str =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const LOG: &str = "audit.strongroom.local/0a1b2c3d/system/e0";
const TIMESTAMPER: &str = "audit.strongroom.local/0a1b2c3d/time";

fn checkpoint(size: u64) -> Checkpoint {
    let root = Hash([9; 32]);
    Checkpoint {
        origin: LOG.to_owned(),
        tree: TreeHead { size, root },
    }
}

fn log_key(number: u8) -> LogKey {
    LogKey::from_seed(&[number; 32])
}

fn known(number: u8) -> VerifierKey {
    VerifierKey::log(LOG, &log_key(number).public()).unwrap()
}

fn timestamper() -> (CosignerKey, VerifierKey) {
    let key = CosignerKey::from_seed(&[100; 32]);
    let known = VerifierKey::cosigner(TIMESTAMPER, &key.public()).unwrap();
    (key, known)
}

fn parse(text: &str) -> CheckpointError {
    Checkpoint::parse(text).unwrap_err()
}

#[test]
fn the_example_of_c2sp_is_read_and_written_again() {
    let read = Checkpoint::parse(C2SP).unwrap();
    assert_eq!(read.origin, "example.com/behind-the-sofa");
    assert_eq!(read.tree.size, 20_852_163);
    assert_eq!(read.to_string(), C2SP);
}

#[test]
fn extension_lines_are_signed_and_passed_over() {
    let text = format!("{}one\ntwo\n", checkpoint(3));
    let mut note = Note::new(text.clone()).unwrap();
    note.sign(LOG, &log_key(1)).unwrap();
    let keys = [known(1)];
    assert_eq!(
        Checkpoint::open(&note, &keys).unwrap().checkpoint,
        checkpoint(3)
    );
    assert_eq!(
        Note::parse(note.to_string().as_bytes()).unwrap().text(),
        text
    );
    let shorter = note.to_string().replace("two\n", "");
    let shorter = Note::parse(shorter.as_bytes()).unwrap();
    assert!(Checkpoint::open(&shorter, &keys).is_err());
}

#[test]
fn a_malformed_head_is_refused() {
    let root = C2SP.lines().nth(2).unwrap();
    for text in ["", "\n", "\n5\n", "x"] {
        assert_eq!(parse(text), CheckpointError::Origin, "{text:?}");
    }
    for size in [
        "",
        "+5",
        "05",
        "-1",
        " 5",
        "5 ",
        "0x5",
        "18446744073709551616",
    ] {
        assert_eq!(
            parse(&format!("x\n{size}\n{root}\n")),
            CheckpointError::Size
        );
    }
    assert_eq!(parse("x\n"), CheckpointError::Size);
    for other in [
        "".to_owned(),
        root.replace('=', ""),
        root.replace("2I=", "2J="),
        format!("{root}{root}"),
        format!(" {root}"),
        BASE64.encode(&[0; 31]),
        BASE64.encode(&[0; 33]),
    ] {
        assert_eq!(parse(&format!("x\n5\n{other}\n")), CheckpointError::Root);
    }
    assert_eq!(parse("x\n5\n"), CheckpointError::Root);
    assert_eq!(parse(&format!("{C2SP}\n")), CheckpointError::Extension);
    assert_eq!(
        parse(&format!("{C2SP}a\n\nb\n")),
        CheckpointError::Extension
    );
}

#[test]
fn the_empty_log_has_the_empty_root() {
    let tree = TreeHead {
        size: 0,
        root: EMPTY_ROOT,
    };
    let empty = Checkpoint {
        tree,
        ..checkpoint(0)
    };
    assert_eq!(Checkpoint::parse(&empty.to_string()), Ok(empty));
    assert_eq!(parse(&checkpoint(0).to_string()), CheckpointError::Root);
}

#[test]
fn two_keys_sign_while_one_takes_over() {
    let mut note = checkpoint(12).sign(&log_key(1)).unwrap();
    note.sign(LOG, &log_key(2)).unwrap();
    for keys in [vec![known(1)], vec![known(2)], vec![known(1), known(2)]] {
        let opened = Checkpoint::open(&note, &keys).unwrap();
        assert_eq!(opened.checkpoint, checkpoint(12));
        assert_eq!(opened.log_keys, keys.iter().collect::<Vec<_>>());
    }
    assert_eq!(
        Checkpoint::open(&note, &[known(3)]),
        Err(NoteError::Unsigned.into())
    );
}

#[test]
fn a_cosignature_gives_the_time_and_can_be_renewed() {
    let (key, known_time) = timestamper();
    let mut note = checkpoint(12).sign(&log_key(1)).unwrap();
    let keys = [known(1), known_time.clone()];
    assert_eq!(Checkpoint::open(&note, &keys).unwrap().cosignatures, []);
    for time in [1_750_000_000, 1_750_003_600] {
        note.cosign(TIMESTAMPER, &key, time).unwrap();
        let opened = Checkpoint::open(&note, &keys).unwrap();
        let cosignature = Cosignature {
            key: &known_time,
            time,
        };
        assert_eq!(opened.cosignatures, [cosignature]);
    }
}

#[test]
fn a_time_does_not_stand_for_the_log() {
    let (key, known_time) = timestamper();
    let mut note = Note::new(checkpoint(12).to_string()).unwrap();
    note.cosign(TIMESTAMPER, &key, 5).unwrap();
    let not_by_log = CheckpointError::NotByLog {
        origin: LOG.to_owned(),
    };
    assert_eq!(
        Checkpoint::open(&note, &[known_time]),
        Err(not_by_log.clone())
    );

    let namesake = VerifierKey::cosigner(LOG, &key.public()).unwrap();
    let mut note = Note::new(checkpoint(12).to_string()).unwrap();
    note.cosign(LOG, &key, 5).unwrap();
    assert_eq!(Checkpoint::open(&note, &[namesake]), Err(not_by_log));
}

#[test]
fn one_log_does_not_speak_for_another() {
    let mut other = checkpoint(12);
    other.origin = LOG.replace("e0", "e1");
    let mut note = Note::new(other.to_string()).unwrap();
    note.sign(LOG, &log_key(1)).unwrap();
    let not_by_log = CheckpointError::NotByLog {
        origin: other.origin,
    };
    assert_eq!(Checkpoint::open(&note, &[known(1)]), Err(not_by_log));
}

#[test]
fn a_name_that_would_add_lines_is_not_signed() {
    for origin in ["", "a\n5\nb", "a b", "a+b"] {
        let named = Checkpoint {
            origin: origin.to_owned(),
            ..checkpoint(1)
        };
        assert!(matches!(named.sign(&log_key(1)), Err(NoteError::Name)));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(origin in "[a-z0-9./]{1,30}", size in 1_u64.., root in any::<[u8; 32]>()) {
        let checkpoint = Checkpoint { origin, tree: TreeHead { size, root: Hash(root) } };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_string()), Ok(checkpoint));
    }

    #[test]
    fn three_lines_that_are_read_are_written_again(text in "[a\n]{1,3}\n?[0-9]{1,3}\n(CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2[HIJ]=|[=A\n]{0,5})\n") {
        if let Ok(read) = Checkpoint::parse(&text) {
            prop_assert!(text.starts_with(&read.to_string()));
        }
    }
}
