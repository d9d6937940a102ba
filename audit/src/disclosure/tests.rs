use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn only_the_listed_fields_can_be_disclosed() {
    for name in [
        "actor.email",
        "actor.ip",
        "actor.ua",
        "changes",
        "extra",
        "target.0.name",
        "target.9.name",
        "target.19.name",
    ] {
        assert!(is_field(name), "{name}");
    }
    for name in [
        "",
        "actor",
        "actor.name",
        "target.20.name",
        "target.00.name",
        "target.01.name",
        "target..name",
        "target.+1.name",
        "target.1",
        "target.1.kind",
        "changes ",
    ] {
        assert!(!is_field(name), "{name}");
        assert_eq!(
            disclose([0; 16], name, &json!(1)),
            Err(DisclosureError::Field)
        );
    }
}

#[test]
fn a_disclosure_is_this_text() {
    let made = disclose([0; 16], "actor.ip", &json!("192.0.2.1")).unwrap();
    assert_eq!(
        BASE64URL_NOPAD.decode(made.text.as_bytes()).unwrap(),
        br#"["AAAAAAAAAAAAAAAAAAAAAA","actor.ip","192.0.2.1"]"#
    );
    assert_eq!(made.digest, digest(&made.text));
    assert_eq!(made.digest.len(), 43);
}

#[test]
fn the_digest_is_that_of_rfc_9901() {
    // RFC 9901, section 4.2.3: the digest of the "family_name" example disclosure.
    let text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    assert_eq!(digest(text), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
}

#[test]
fn a_disclosure_is_not_believed_when_anything_differs() {
    let made = disclose([7; 16], "actor.ip", &json!("192.0.2.1")).unwrap();
    let other = disclose([7; 16], "actor.ua", &json!("curl")).unwrap();
    assert_eq!(
        check(&other.text, "actor.ip", &made.digest),
        Err(DisclosureError::Digest)
    );
    assert_eq!(
        check(&other.text, "actor.ip", &other.digest),
        Err(DisclosureError::OtherField)
    );
    for json in [
        "[]",
        "[\"AAAAAAAAAAAAAAAAAAAAAA\",\"actor.ip\"]",
        "[\"AA\",\"actor.ip\",1]",
        "{}",
        "[\"AAAAAAAAAAAAAAAAAAAAAA\",\"actor.ip\",1,2]",
    ] {
        let text = BASE64URL_NOPAD.encode(json.as_bytes());
        assert_eq!(
            check(&text, "actor.ip", &digest(&text)),
            Err(DisclosureError::Malformed),
            "{json}"
        );
    }
    assert_eq!(
        check("=", "actor.ip", &digest("=")),
        Err(DisclosureError::Malformed)
    );
}

#[test]
fn keys_are_sorted_and_depth_is_bounded() {
    let value: Value = serde_json::from_str(r#"{"b":1,"a":{"d":2,"c":3}}"#).unwrap();
    assert_eq!(sorted(&value).to_string(), r#"{"a":{"c":3,"d":2},"b":1}"#);
    let nest = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
    let deepest = disclose([0; 16], "extra", &nest(MAX_DEPTH)).unwrap();
    assert!(check(&deepest.text, "extra", &deepest.digest).is_ok());
    assert_eq!(
        disclose([0; 16], "extra", &nest(MAX_DEPTH + 1)),
        Err(DisclosureError::TooDeep)
    );
}

proptest! {
    #[test]
    fn what_is_disclosed_is_read_back(salt: [u8; 16], text in "\\PC{0,40}", number: u32) {
        let value = json!({ "before": text, "after": [number, null, 1.5] });
        let made = disclose(salt, "changes", &value).unwrap();
        let read = check(&made.text, "changes", &made.digest).unwrap();
        prop_assert_eq!(read, DisclosedValue { field: "changes".to_owned(), salt, value });
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[A-Za-z0-9_-]{0,80}") {
        prop_assert!(check(&text, "extra", &digest(&text)).is_err());
    }
}
