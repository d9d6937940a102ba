//! Everything that is not a note.

use super::*;

fn parse(text: impl AsRef<[u8]>) -> NoteError {
    Note::parse(text.as_ref()).unwrap_err()
}

#[test]
fn a_note_needs_text_a_blank_line_and_signatures() {
    for text in [
        "",
        "\n",
        "text\n",
        "text\n\n",
        &format!("text\n{GO_LINE}"),
        GO_LINE,
    ] {
        let error = parse(text);
        assert!(
            matches!(error, NoteError::NoSignature | NoteError::Unterminated),
            "{text:?}: {error}"
        );
    }
    assert_eq!(parse(go_note().trim_end()), NoteError::Unterminated);
    assert_eq!(parse(format!("{}\n", go_note())), NoteError::NoSignature);
    assert!(Note::parse(format!("\n\n{GO_LINE}").as_bytes()).is_ok());
}

#[test]
fn only_the_newline_is_a_control_character_and_all_is_utf8() {
    for control in (0..0x20).filter(|byte| *byte != b'\n') {
        for at in [3, GO_TEXT.len() + 3, go_note().len() - 1] {
            let mut bytes = go_note().into_bytes();
            bytes.insert(at, control);
            let error = parse(&bytes);
            assert!(
                matches!(error, NoteError::Control { .. } | NoteError::NotUtf8 { .. }),
                "{error}"
            );
        }
    }
    let mut bytes = go_note().into_bytes();
    bytes[5] = 0xff;
    assert_eq!(parse(&bytes), NoteError::NotUtf8 { at: 5 });
    assert_eq!(parse("a\tb\n"), NoteError::Control { at: 1 });
}

#[test]
fn a_signature_line_has_one_spelling() {
    let encoded = GO_LINE.trim_end().rsplit_once(' ').unwrap().1;
    for line in [
        format!("- PeterNeumann {encoded}"),
        format!("—PeterNeumann {encoded}"),
        format!("— PeterNeumann  {encoded}"),
        format!("—  PeterNeumann {encoded}"),
        format!("— PeterNeumann {encoded} "),
        format!(" — PeterNeumann {encoded}"),
        format!("— Peter+Neumann {encoded}"),
        format!("— Peter\u{a0}Neumann {encoded}"),
        format!("— Peter\u{2028}Neumann {encoded}"),
        format!("— {encoded}"),
        format!("—  {encoded}"),
        "— PeterNeumann".to_owned(),
        "— PeterNeumann ".to_owned(),
        "— PeterNeumann AAAA".to_owned(),
        "— PeterNeumann AAAAAA==".to_owned(),
        format!("— PeterNeumann {}", encoded.trim_end_matches('=')),
        format!("— PeterNeumann {}", encoded.replace("AM=", "AN=")),
        format!("— PeterNeumann {encoded}{encoded}"),
        format!("— PeterNeumann {}", encoded.replace('/', "_")),
        "text".to_owned(),
    ] {
        let note = format!("{GO_TEXT}\n{GO_LINE}{line}\n");
        assert_eq!(parse(note), NoteError::Malformed { line: 2 }, "{line:?}");
    }
    assert!(Note::parse(format!("{GO_TEXT}\n{GO_LINE}— x AAAAAAA=\n").as_bytes()).is_ok());
}

#[test]
fn size_lines_and_signatures_are_bounded() {
    let lines = |count: usize| "x\n".repeat(count);
    assert!(Note::parse(format!("{}\n{GO_LINE}", lines(MAX_LINES)).as_bytes()).is_ok());
    assert_eq!(
        parse(format!("{}\n{GO_LINE}", lines(MAX_LINES + 1))),
        NoteError::TooManyLines
    );
    let signed = |count: usize| format!("x\n\n{}", GO_LINE.repeat(count));
    assert!(Note::parse(signed(MAX_SIGNATURES).as_bytes()).is_ok());
    assert_eq!(
        parse(signed(MAX_SIGNATURES + 1)),
        NoteError::TooManySignatures
    );
    assert_eq!(parse(vec![b'x'; MAX_BYTE_LEN + 1]), NoteError::TooLong);
}

#[test]
fn a_text_that_could_not_be_read_again_is_not_signed() {
    assert_eq!(Note::new("text"), Err(NoteError::Unterminated));
    assert_eq!(Note::new(""), Err(NoteError::Unterminated));
    assert_eq!(Note::new("te\rxt\n"), Err(NoteError::Control { at: 2 }));
    assert_eq!(Note::new("x\n".repeat(1_001)), Err(NoteError::TooManyLines));
    let mut note = Note::new("text\n").unwrap();
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\nb", "a\u{1}b"] {
        assert_eq!(note.sign(name, &log_key(1)), Err(NoteError::Name));
        assert_eq!(note.cosign(name, &cosigner(1), 0), Err(NoteError::Name));
    }
}

proptest! {
    #[test]
    fn what_is_accepted_is_written_again_byte_for_byte(text in "([— ab+=\n]|AAAAAAA=|\n\n— ){0,40}") {
        if let Ok(note) = Note::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Note::parse(&bytes).map(|note| note.verify(&[go_key()]).is_ok());
    }
}
