//! The header that names a download.

use media::{Disposition, Filename, content_disposition};
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case("report.pdf", r#"attachment; filename="report.pdf""#)]
#[case("my report (1).pdf", r#"attachment; filename="my report (1).pdf""#)]
#[case(
    "naïve.txt",
    r#"attachment; filename="na_ve.txt"; filename*=UTF-8''na%C3%AFve.txt"#
)]
#[case(
    r#"a"; x=".txt"#,
    r#"attachment; filename="a_; x=_.txt"; filename*=UTF-8''a%22%3B%20x%3D%22.txt"#
)]
#[case(
    "100%.txt",
    r#"attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt"#
)]
fn a_download_is_named(#[case] name: &str, #[case] header: &str) {
    assert_eq!(
        content_disposition(Disposition::Attachment, &Filename::clean(name).unwrap()),
        header
    );
}

#[test]
fn inline_is_said_first() {
    let name = Filename::clean("a.png").unwrap();
    assert_eq!(
        content_disposition(Disposition::Inline, &name),
        r#"inline; filename="a.png""#
    );
}

proptest! {
    #[test]
    fn no_name_leaves_its_quotes_or_the_header(original in "[^/\\\\\u{0}]{1,40}") {
        if let Ok(name) = Filename::clean(&original) {
            let header = content_disposition(Disposition::Attachment, &name);
            prop_assert!(header.bytes().all(|b| b == b' ' || b.is_ascii_graphic()), "{header}");
            prop_assert_eq!(header.matches('"').count(), 2);
            prop_assert!(!header.contains('\\'));
            let rest = header.rsplit('"').next().unwrap();
            match rest.strip_prefix("; filename*=UTF-8''") {
                Some(encoded) => prop_assert_eq!(decoded(encoded), name.stored()),
                None => prop_assert!(rest.is_empty() && header.contains(name.stored())),
            }
        }
    }
}

fn decoded(encoded: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = encoded;
    while let Some(first) = rest.chars().next() {
        let width = if first == '%' { 3 } else { 1 };
        let (one, more) = rest.split_at(width);
        bytes.push(one.strip_prefix('%').map_or(one.as_bytes()[0], |hex| {
            u8::from_str_radix(hex, 16).unwrap()
        }));
        rest = more;
    }
    String::from_utf8(bytes).unwrap()
}
