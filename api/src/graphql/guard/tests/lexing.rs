//! Where a bracket is a bracket.

use rstest::rstest;

use super::super::{Limits, Scan, code, parse, scan};
use super::{judge, refused};

fn measure(document: &str) -> Scan {
    scan(document, &Limits::default()).unwrap()
}

#[rstest]
#[case::string(r#"{ a(x: "[[[[{{{{((((") }"#, 2, 8)]
#[case::escaped_quote(r#"{ a(x: "\"[[[[") }"#, 2, 8)]
#[case::escaped_backslash(r#"{ a(x: "\\", y: [1]) }"#, 3, 13)]
#[case::block(r#"{ a(x: """[[[ " "" [[[ """) }"#, 2, 8)]
#[case::block_with_escaped_end(r#"{ a(x: """ \""" [[[ """) }"#, 2, 8)]
#[case::block_with_backslashes(r#"{ a(x: """ \\""" [[[ """) }"#, 2, 8)]
#[case::block_of_one_quote("{ a(x: \"\"\"\"[\"\"\") }", 2, 8)]
#[case::block_over_lines("{ a(x: \"\"\"\n[\n[\n\"\"\") }", 2, 8)]
#[case::empty_strings(r#"{ a(x: ["", """"""]) }"#, 3, 11)]
#[case::comment("{ # [[[[ \" \"\"\"\n a }", 1, 3)]
#[case::comment_to_carriage_return("{ # [[[[\r a }", 1, 3)]
#[case::hash_in_string(r##"{ a(x: "#", y: [1]) }"##, 3, 13)]
#[case::commas(",,,{,a,},,,", 1, 3)]
#[case::byte_order_mark("\u{feff}{ a }", 1, 3)]
#[case::unicode("{ a(x: \"Run🏃Swim🏊[\") }", 2, 8)]
#[case::spread("{ ...A } fragment A on Q { a }", 1, 11)]
#[case::too_many_closers("}}}]])) {", 1, 8)]
fn brackets_count_only_where_the_parser_sees_them(
    #[case] document: &str,
    #[case] nesting: usize,
    #[case] tokens: usize,
) {
    assert_eq!(measure(document), Scan { tokens, nesting });
}

#[rstest]
#[case::string("{ a(x: \"[[[")]
#[case::string_cut_by_a_newline("{ a(x: \"\n[[[[\") }")]
#[case::string_cut_by_a_return("{ a(x: \"\r[[[[\") }")]
#[case::escape_before_a_newline("{ a(x: \"\\\n[[[[\") }")]
#[case::escape_at_the_end("{ a(x: \"\\")]
#[case::block("{ a(x: \"\"\"[[[")]
#[case::block_with_two_quotes("{ a(x: \"\"\"[[[\"\"")]
#[case::block_that_hides_strings("{ a(x: \"\"\"x\" [[[[[[[[")]
#[case::block_ended_by_an_escape("{ a(x: \"\"\"[[[\\\"\"\"")]
fn a_string_that_never_ends_hides_nothing(#[case] document: &str) {
    let refusal = refused(document);
    assert_eq!(refusal.code, code::GRAPHQL_PARSE_FAILED);
    assert_eq!(refusal.status, 400);
    assert!(refusal.position.is_some());
    assert!(refusal.is_request_error());
}

#[test]
fn two_thousand_tokens_pass_and_one_more_does_not() {
    let document = |fields: usize| format!("{{{}}}", " a".repeat(fields));
    assert_eq!(measure(&document(1_998)).tokens, 2_000);
    let refusal = scan(&document(1_999), &Limits::default()).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (400, code::QUERY_TOO_LARGE));
}

#[test]
fn thirty_two_kibibytes_pass_and_one_byte_more_does_not() {
    let document = |len: usize| format!("{{a}}{}", " ".repeat(len - 3));
    assert_eq!(measure(&document(32 * 1024)).tokens, 3);
    let refusal = scan(&document(32 * 1024 + 1), &Limits::default()).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (413, code::QUERY_TOO_LARGE));
    assert!(!refusal.is_request_error());
}

#[test]
fn numbers_run_together_count_as_often_as_the_parser_reads_them() {
    assert_eq!(measure("{ a(x: [00000]) }").tokens, 5 + 9);
    assert_eq!(measure("{ a(x: [truefalsenull]) }").tokens, 3 + 9);
    assert_eq!(measure("{ trueish nullable }").tokens, 6);
}

#[rstest]
#[case::nothing("")]
#[case::brace("{")]
#[case::nul("{ a\0 }")]
#[case::nul_only("\0")]
#[case::bad_name("{ 8f31403dfe404bccbb0e835f2629c6a7 }")]
#[case::bad_escape(r#"{ a(x: "\q[[[[") }"#)]
#[case::emoji("{ 🏃 }")]
#[case::fragment_only("fragment A on Q { a }")]
#[case::two_anonymous("{ a } { b }")]
#[case::same_name("query A { a } query A { b }")]
#[case::same_fragment("{ a } fragment A on Q { a } fragment A on Q { b }")]
fn a_syntax_error_says_where_and_quotes_nothing(#[case] document: &str) {
    let refusal = refused(document);
    assert_eq!(refusal.code, code::GRAPHQL_PARSE_FAILED);
    assert!(refusal.message.starts_with("Syntax error"));
    for secret in ["8f31403d", "🏃", "\\q", "-->"] {
        assert!(!refusal.message.contains(secret), "{}", refusal.message);
    }
}

#[test]
fn the_position_of_an_open_string_counts_characters_from_one() {
    let refusal = refused("{\n  é(x: \"abc");
    let position = refusal.position.unwrap();
    assert_eq!((position.line, position.column), (2, 8));
}

#[test]
fn a_nul_inside_a_string_is_left_to_the_resolver() {
    assert!(parse("{ a(x: \"\0\") }").is_ok());
    assert_eq!(judge("{ a(x: \"\0\") }").unwrap().root_fields, ["a"]);
}
