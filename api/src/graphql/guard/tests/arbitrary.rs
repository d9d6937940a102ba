//! Properties that hold for every text.

use async_graphql::Variables;
use proptest::prelude::*;

use super::super::{Body, Facts, Limits, admit, parse, scan, scan_json};
use super::on_a_small_stack;

/// Texts built from what a lexer or parser could stumble over.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "[", "]", "{", "}", "(", ")", "\"", "\"\"\"", "\\\"\"\"", "\\", "#", "\n", "\r", ",",
            "...", ":", "=", "$", "@", "!", "|", "&", "0", "-1", "1.5e3", "\u{feff}", "\0", "🏃",
            " on ", "query ", "mutation ", "fragment ", "A ", "B ", "true", "null", "first:", "a",
            "...A ", "{a}", "(x:1)", "$v:[Int]=[1]", "fragment A on B{", "{...A}",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
        1 => (1_usize..60, prop::sample::select(vec!["[", "{", "(", "{a", "[{a:", "\""]))
            .prop_map(|(times, text)| text.repeat(times)),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_the_guard_panic(text in any::<String>(), flag in any::<bool>()) {
        let _ = admit(&text, None, &Variables::default(), &Limits::default(), &Facts::default(), flag);
        let _ = Body::parse(text.as_bytes(), &Limits::default());
    }

    #[test]
    fn what_the_scan_lets_through_can_be_parsed_and_checked(text in hostile()) {
        let scanned = scan(&text, &Limits::default());
        if let Ok(measured) = scanned {
            prop_assert!(measured.nesting <= 32);
            prop_assert!(measured.tokens <= 2_000);
            on_a_small_stack(|| {
                let _ = parse(&text);
                let _ = admit(
                    &text,
                    Some("A"),
                    &Variables::default(),
                    &Limits::default(),
                    &Facts::default(),
                    true,
                );
            });
        }
    }

    #[test]
    fn json_let_through_is_no_deeper_than_it_says(text in "[\\[\\]{}\",:a1\\\\ ]{0,80}") {
        fn depth(value: &serde_json::Value) -> usize {
            match value {
                serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
                serde_json::Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
                _ => 0,
            }
        }
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            prop_assert_eq!(scan_json(text.as_bytes(), 200), Some(depth(&value)));
        }
    }

    #[test]
    fn a_parsed_document_has_no_more_brackets_than_were_counted(depth in 1_usize..40) {
        let document = format!("{{a(x:{}1{})}}", "[".repeat(depth), "]".repeat(depth));
        let passes = scan(&document, &Limits::default()).is_ok();
        prop_assert_eq!(passes, depth + 2 <= 32);
    }
}
