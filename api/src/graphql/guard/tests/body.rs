//! The JSON around the document.

use rstest::rstest;
use serde_json::json;

use super::super::{Body, Limits, Refusal, code};
use super::quickly;

fn read(json: &str) -> Result<Body, Refusal> {
    Body::parse(json.as_bytes(), &Limits::default())
}

#[test]
fn all_parameters_are_read() {
    let body = read(
        r#" {"query": "query A { a }", "operationName": "A",
             "variables": {"n": 1, "s": "[["}, "extensions": {"some": "value"}, "id": 7}"#,
    )
    .unwrap();
    assert_eq!(body.query, "query A { a }");
    assert_eq!(body.operation_name.as_deref(), Some("A"));
    assert_eq!(body.variables.len(), 2);
    assert_eq!(body.extensions.get("some"), Some(&json!("value")));
}

#[test]
fn null_parameters_are_absent() {
    let body =
        read(r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#).unwrap();
    assert_eq!(body.operation_name, None);
    assert!(body.variables.is_empty() && body.extensions.is_empty());
}

#[rstest]
#[case::empty("", code::BAD_REQUEST, "no body")]
#[case::blank("  ", code::BAD_REQUEST, "JSON object")]
#[case::cut("{ \"not a JSON", code::BAD_REQUEST, "JSON object")]
#[case::text("\"text\"", code::BAD_REQUEST, "JSON object")]
#[case::null("null", code::BAD_REQUEST, "JSON object")]
#[case::trailing(r#"{"query":"{a}"} x"#, code::BAD_REQUEST, "JSON object")]
#[case::twice(r#"{"query":"{a}","query":"{b}"}"#, code::BAD_REQUEST, "repeats")]
#[case::byte_order_mark("\u{feff}{\"query\":\"{a}\"}", code::BAD_REQUEST, "JSON object")]
#[case::typo(r#"{"qeury":"{a}"}"#, code::BAD_REQUEST, "query is missing")]
#[case::null_query(r#"{"query":null}"#, code::BAD_REQUEST, "query is missing")]
#[case::batch(r#"[{"query":"{a}"}]"#, code::BATCHING_UNSUPPORTED, "one by one")]
#[case::empty_batch(" \r\n\t[]", code::BATCHING_UNSUPPORTED, "one by one")]
fn a_body_that_is_not_a_request_is_refused(
    #[case] json: &str,
    #[case] expected: &str,
    #[case] says: &str,
) {
    let refusal = read(json).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (400, expected));
    assert!(refusal.message.contains(says), "{}", refusal.message);
    assert!(!refusal.is_request_error());
}

#[rstest]
fn wrong_types_are_refused_by_name(
    #[values("query", "operationName", "variables", "extensions")] parameter: &str,
    #[values(json!("text"), json!(0), json!(false), json!(["array"]), json!({"obj": "ect"}))]
    value: serde_json::Value,
) {
    let takes_strings = matches!(parameter, "query" | "operationName");
    let mut body = json!({ "query": "{ __typename }" });
    body[parameter] = value.clone();
    let result = read(&body.to_string());
    if (takes_strings && value.is_string()) || (!takes_strings && value.is_object()) {
        result.unwrap();
    } else {
        let refusal = result.unwrap_err();
        assert_eq!((refusal.status, refusal.code), (400, code::BAD_REQUEST));
        assert!(refusal.message.contains(parameter));
    }
}

#[rstest]
#[case::arrays("[", "]")]
#[case::objects("{\"a\":", "}")]
fn variables_nest_up_to_thirty_two(#[case] open: &str, #[case] close: &str) {
    let body = |levels: usize| {
        let inner = format!("{}1{}", open.repeat(levels), close.repeat(levels));
        format!(r#"{{"query":"{{a}}","variables":{{"v":{inner}}}}}"#)
    };
    read(&body(31)).unwrap();
    for levels in [32, 127, 128, 5_000, 20_000] {
        let refusal = quickly(|| read(&body(levels))).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.code),
            (400, code::VARIABLES_TOO_DEEP)
        );
    }
}

#[test]
fn brackets_in_json_strings_do_not_count() {
    let text = "[{".repeat(500) + "\\\"[[[\\\\";
    let body = format!(r#"{{"query":"{{a}}","variables":{{"v":"{text}"}}}}"#);
    assert_eq!(read(&body).unwrap().variables.len(), 1);
}

#[test]
fn an_unterminated_json_string_is_refused() {
    let body = format!(r#"{{"query":"{}"#, "[".repeat(10_000));
    assert_eq!(read(&body).unwrap_err().code, code::BAD_REQUEST);
}

#[test]
fn a_body_over_256_kibibytes_is_too_large() {
    let body = |len: usize| {
        let frame = r#"{"query":""}"#.len();
        format!(r#"{{"query":"{}"}}"#, "a".repeat(len - frame))
    };
    read(&body(256 * 1024)).unwrap();
    let refusal = read(&body(256 * 1024 + 1)).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (413, code::BODY_TOO_LARGE));
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let refusal = Body::parse(b"{\"query\":\"\xff\"}", &Limits::default()).unwrap_err();
    assert_eq!(refusal.code, code::BAD_REQUEST);
}
