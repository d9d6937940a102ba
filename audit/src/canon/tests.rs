use proptest::prelude::*;

use super::*;
use crate::value::{MAX_DEPTH, MAX_INTEGER};

/// Any value of the profile, at most `MAX_DEPTH` containers deep.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let text = "[^\u{0}]{0,12}|[\u{1}-\u{1f}\"\\\\/\u{7f}]{0,6}|\\PC{0,8}";
    let scalar = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (0..=MAX_INTEGER).prop_map(Value::Integer),
        text.prop_map(Value::String),
    ];
    scalar.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map("[a-z0-9_.]{1,6}", inner, 0..6).prop_map(Value::Object),
        ]
    })
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), to_json(value)))
            .collect(),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::String(text) => text.as_str().into(),
        Value::Bool(truth) => (*truth).into(),
        Value::Integer(number) => (*number).into(),
    }
}

#[test]
fn strings_are_escaped_as_rfc_8785_shows() {
    // The string of section 3.2.2, less what the profile leaves out.
    let text = "\u{20ac}$\u{f}\nA'B\"\\\\\"/";
    assert_eq!(
        write(&Value::from(text)),
        "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"".as_bytes()
    );
    for (char, escaped) in [
        ('\u{8}', "\\b"),
        ('\t', "\\t"),
        ('\n', "\\n"),
        ('\u{c}', "\\f"),
        ('\r', "\\r"),
        ('\u{1}', "\\u0001"),
        ('\u{1f}', "\\u001f"),
        ('\u{7f}', "\u{7f}"),
        ('/', "/"),
        ('\u{2028}', "\u{2028}"),
        ('\u{1f600}', "\u{1f600}"),
    ] {
        let value = Value::String(char.into());
        let bytes = format!("\"{escaped}\"").into_bytes();
        assert_eq!(write(&value), bytes);
        assert_eq!(parse(&bytes), Ok(value));
    }
}

#[test]
fn members_are_sorted_and_nothing_is_spaced() {
    let value = Value::object([
        ("b.c", true.into()),
        ("a", Value::array([1_u32.into(), "x".into()])),
        ("b", 0_u32.into()),
    ]);
    assert_eq!(write(&value), br#"{"a":[1,"x"],"b":0,"b.c":true}"#);
    assert_eq!(parse(&write(&value)), Ok(value));
}

#[test]
fn everything_outside_the_profile_is_refused() {
    use CanonError::*;
    let cases: [(&[u8], CanonError); 45] = [
        (b"", Number { at: 0 }),
        (b" 1", Number { at: 0 }),
        (b"1 ", Syntax { at: 1 }),
        (b"1,", Syntax { at: 1 }),
        (b"null", Number { at: 0 }),
        (b"-1", Number { at: 0 }),
        (b"+1", Number { at: 0 }),
        (b"01", Number { at: 0 }),
        (b"00", Number { at: 0 }),
        (b"1.0", Syntax { at: 1 }),
        (b"1e3", Syntax { at: 1 }),
        (b"9007199254740992", Number { at: 0 }),
        (b"18446744073709551617", Number { at: 0 }),
        (b"truE", Syntax { at: 0 }),
        (b"fals", Syntax { at: 0 }),
        (b"\"", Text { at: 1 }),
        (b"\"\\", Text { at: 1 }),
        (b"\"\n\"", Text { at: 1 }),
        (b"\"\0\"", Text { at: 1 }),
        (b"\"\\u0000\"", Text { at: 1 }),
        (b"\"\\u000A\"", Text { at: 1 }),
        (b"\"\\u000a\"", Text { at: 1 }),
        (b"\"\\u0008\"", Text { at: 1 }),
        (b"\"\\u001F\"", Text { at: 1 }),
        (b"\"\\u0020\"", Text { at: 1 }),
        (b"\"\\u0041\"", Text { at: 1 }),
        (b"\"\\ud83d\"", Text { at: 1 }),
        (b"\"\\/\"", Text { at: 1 }),
        (b"\"\\u00\"", Text { at: 1 }),
        (b"\"\xed\xa0\x80\"", NotUtf8 { at: 1 }),
        (b"\"\xff\"", NotUtf8 { at: 1 }),
        (b"\xef\xbb\xbf1", Number { at: 0 }),
        (b"[1,]", Number { at: 3 }),
        (b"[,1]", Number { at: 1 }),
        (b"[1 ,2]", Syntax { at: 2 }),
        (b"[1", Syntax { at: 2 }),
        (b"{\"a\":1,}", Syntax { at: 7 }),
        (b"{\"a\":1", Syntax { at: 6 }),
        (b"{\"a\" :1}", Key { at: 3 }),
        (b"{\"\":1}", Key { at: 2 }),
        (b"{\"A\":1}", Key { at: 2 }),
        (b"{\"a\\u0062\":1}", Key { at: 3 }),
        (b"{\"b\":1,\"a\":1}", KeyOrder { at: 8 }),
        (b"{\"a\":1,\"a\":1}", KeyOrder { at: 8 }),
        (b"{a:1}", Syntax { at: 1 }),
    ];
    for (bytes, error) in cases {
        assert_eq!(check(bytes), Err(error), "{}", bytes.escape_ascii());
        assert_eq!(parse(bytes), Err(error), "{}", bytes.escape_ascii());
    }
}

#[test]
fn depth_and_size_end_where_the_profile_says() {
    assert_eq!(check(b"[[[[[[1]]]]]]"), Ok(()));
    assert_eq!(
        check(b"[[[[[[[1]]]]]]]"),
        Err(CanonError::TooDeep { at: 6 })
    );
    assert_eq!(check(b"[{\"a\":[[[[]]]]}]"), Ok(()));
    assert_eq!(
        check(b"[{\"a\":[[[[[]]]]]}]"),
        Err(CanonError::TooDeep { at: 10 })
    );
    assert_eq!(
        check(&"[".repeat(16_384).into_bytes()),
        Err(CanonError::TooDeep { at: 6 })
    );
    let longest = format!("\"{}\"", "x".repeat(16_382)).into_bytes();
    assert_eq!(check(&longest), Ok(()));
    let longer = format!("\"{}\"", "x".repeat(16_383)).into_bytes();
    assert_eq!(check(&longer), Err(CanonError::TooLong));
}

#[test]
fn a_value_outside_the_profile_is_written_as_bytes_that_are_refused() {
    for value in [
        Value::from("\0"),
        Value::Integer(MAX_INTEGER + 1),
        Value::object([("A", true.into())]),
        Value::object([("", true.into())]),
        Value::object([("a\":1,\"b", true.into())]),
    ] {
        assert!(check(&write(&value)).is_err(), "{value:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let bytes = write(&value);
        prop_assert_eq!(check(&bytes), Ok(()));
        prop_assert_eq!(parse(&bytes), Ok(value));
    }

    #[test]
    fn an_independent_implementation_writes_the_same(value in any_value()) {
        let theirs = serde_json_canonicalizer::to_vec(&to_json(&value)).unwrap();
        prop_assert_eq!(write(&value), theirs);
    }

    #[test]
    fn check_accepts_exactly_what_the_writer_writes(
        value in any_value(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut bytes = write(&value);
        for (index, byte, kind) in edits {
            let at = index.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.splice(at..at, b" ,\"\\{}[]:0".iter().copied().skip(usize::from(byte % 10)).take(1)).for_each(drop),
                _ if at < bytes.len() => bytes[at] = byte,
                _ => {}
            }
        }
        prop_assert_eq!(check(&bytes).is_ok(), parse(&bytes).is_ok());
        if let Ok(value) = parse(&bytes) {
            prop_assert_eq!(write(&value), bytes);
        } else if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&bytes) {
            // Valid JSON that was refused: either not canonical, or outside the profile.
            let canonical = serde_json_canonicalizer::to_vec(&json).unwrap();
            prop_assert!(canonical != bytes || !is_of_profile(&json, 0), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn eight_bytes_at_a_time_find_what_one_finds(bytes in prop::collection::vec(any::<u8>(), 0..40), len in 0_usize..40) {
        let plain = vec![b'x'; len];
        for bytes in [bytes.clone(), [plain.as_slice(), &bytes].concat()] {
            let one = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0x00..=0x1f));
            prop_assert_eq!(scan::plain_len(&bytes), one.unwrap_or(bytes.len()));
        }
    }

    #[test]
    fn no_bytes_make_the_checker_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(check(&bytes).is_ok(), parse(&bytes).is_ok());
    }

    #[test]
    fn no_json_like_bytes_make_the_checker_panic(text in "[\\[\\]{}\":,\\\\u0-9a-f tn.-]{0,60}") {
        prop_assert_eq!(check(text.as_bytes()).is_ok(), parse(text.as_bytes()).is_ok());
    }
}

fn is_of_profile(json: &serde_json::Value, depth: usize) -> bool {
    use serde_json::Value as Json;
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(is_key_byte);
    match json {
        Json::Null => false,
        Json::Bool(_) => true,
        Json::Number(number) => number.as_u64().is_some_and(|number| number <= MAX_INTEGER),
        Json::String(text) => !text.contains('\0'),
        Json::Array(items) => {
            depth < MAX_DEPTH && items.iter().all(|item| is_of_profile(item, depth + 1))
        }
        Json::Object(members) => {
            depth < MAX_DEPTH
                && members
                    .iter()
                    .all(|(key, value)| is_key(key) && is_of_profile(value, depth + 1))
        }
    }
}
