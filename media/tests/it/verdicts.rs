//! Content, name and declaration against a place.

use media::{Accepted, Dangerous, Filename, Refusal, check_claim, judge, sniff};
use proptest::prelude::*;
use rstest::rstest;

use crate::fixture::{compound, ftyp, jpeg, ooxml, png, zip};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const ANYTHING: &[&str] = &["image/*", "text/*", "application/*", "video/*", "audio/*"];

fn verdict(
    bytes: &[u8],
    declared: &str,
    name: &str,
    accepts: &[&str],
) -> Result<Accepted, Refusal> {
    let sniffed = sniff(bytes, u64::try_from(bytes.len()).unwrap());
    let declared = Some(declared).filter(|text| !text.is_empty());
    judge(
        &sniffed,
        declared,
        &Filename::clean(name).unwrap(),
        accepts,
        Dangerous::Refuse,
    )
}

#[rstest]
#[case::agreed(png(), "image/png", "a.png", "image/png")]
#[case::nothing_said(png(), "", "photo", "image/png")]
#[case::declared_by_curl(png(), "application/x-www-form-urlencoded", "a.png", "image/png")]
#[case::declared_with_parameters(b"a,b".to_vec(), "Text/CSV; charset=utf-8", "a.csv", "text/csv")]
#[case::old_alias(jpeg(), "image/jpg", "a.JPEG", "image/jpeg")]
#[case::unknown_extension(jpeg(), "", "photo.backup2", "image/jpeg")]
#[case::csv_from_windows(b"a;b".to_vec(), "application/vnd.ms-excel", "a.csv", "text/csv")]
#[case::markdown(b"# Title".to_vec(), "text/markdown", "README.md", "text/markdown")]
#[case::markdown_with_a_tag(b"<p align=\"center\">\n".to_vec(), "", "README.md", "text/markdown")]
#[case::json(b"{\"a\":1}".to_vec(), "application/json", "a.json", "application/json")]
#[case::json_sent_as_text(b"{}".to_vec(), "text/plain", "a.json", "application/json")]
#[case::csv_by_declaration(b"a,b".to_vec(), "text/csv", "export", "text/csv")]
#[case::log(b"started".to_vec(), "text/x-log", "server.log", "text/plain")]
#[case::docx(ooxml("word/document.xml"), "", "a.docx", DOCX)]
#[case::docx_with_parts_out_of_sight(zip(&[("[Content_Types].xml", b"")]), "", "a.docx", DOCX)]
#[case::docx_by_declaration(zip(&[("[Content_Types].xml", b"")]), DOCX, "a", DOCX)]
#[case::docx_sent_as_zip(
    ooxml("word/document.xml"),
    "application/zip",
    "a.zip",
    "application/zip"
)]
#[case::doc(
    compound("nothing in sight"),
    "application/msword",
    "a.doc",
    "application/msword"
)]
#[case::movie_of_another_brand(ftyp(b"qt  ", &[]), "video/mp4", "a.mp4", "video/quicktime")]
#[case::empty_text(Vec::new(), "text/plain", "notes.txt", "text/plain")]
#[case::empty_by_declaration(Vec::new(), "application/json", "state", "application/json")]
fn agreeing_files_are_accepted(
    #[case] bytes: Vec<u8>,
    #[case] declared: &str,
    #[case] name: &str,
    #[case] media_type: &str,
) {
    assert_eq!(
        verdict(&bytes, declared, name, ANYTHING)
            .unwrap()
            .media_type,
        media_type
    );
}

#[rstest]
#[case::lying_declaration(png(), "application/pdf", "a.png", "type_mismatch")]
#[case::lying_extension(png(), "", "a.pdf", "extension_mismatch")]
#[case::text_as_image(b"hello".to_vec(), "image/png", "a.png", "extension_mismatch")]
#[case::zip_as_docx(zip(&[("a.txt", b"hi")]), DOCX, "a.docx", "extension_mismatch")]
#[case::docx_as_xlsx(ooxml("word/document.xml"), "", "a.xlsx", "extension_mismatch")]
#[case::json_as_csv(b"{}".to_vec(), "application/json", "a.csv", "type_mismatch")]
#[case::page_as_image(b"<html>".to_vec(), "image/png", "a.png", "dangerous")]
#[case::page_as_text(b"<p>hello".to_vec(), "text/plain", "a.txt", "dangerous")]
#[case::page_as_markdown(b"<script>alert(1)</script>".to_vec(), "text/markdown", "a.md", "dangerous")]
#[case::text_declared_as_page(b"hello".to_vec(), "text/html", "a.txt", "type_mismatch")]
#[case::text_declared_as_script(b"hello".to_vec(), "text/javascript", "a", "type_mismatch")]
#[case::program_as_image(b"\x7fELF\x02\x01\x01\0".to_vec(), "image/png", "a.png", "dangerous")]
#[case::program_by_name(b"hello".to_vec(), "text/plain", "invoice.pdf.exe", "dangerous")]
#[case::image_named_as_program(png(), "image/png", "a.scr", "dangerous")]
#[case::macros_by_name(ooxml("word/document.xml"), "", "a.docm", "dangerous")]
#[case::svg(b"<svg/>".to_vec(), "image/svg+xml", "a.svg", "dangerous")]
#[case::empty_image(Vec::new(), "image/png", "a.png", "empty")]
#[case::empty_program(Vec::new(), "", "a.exe", "dangerous")]
#[case::empty_and_nameless(Vec::new(), "", "a", "empty")]
fn contradicting_files_are_refused(
    #[case] bytes: Vec<u8>,
    #[case] declared: &str,
    #[case] name: &str,
    #[case] code: &str,
) {
    assert_eq!(
        verdict(&bytes, declared, name, ANYTHING)
            .unwrap_err()
            .code(),
        code
    );
}

#[test]
fn a_place_takes_only_what_it_lists() {
    let refusal = verdict(&png(), "", "a.png", &["application/zip"]).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "content of type image/png is not accepted here; accepted are application/zip"
    );
    assert!(verdict(&png(), "", "a.png", &["image/*"]).is_ok());
    assert_eq!(
        verdict(b"\x01\x9f\xfa", "", "a", &["image/*"])
            .unwrap_err()
            .code(),
        "not_accepted"
    );
}

#[test]
fn refusals_name_the_field_and_the_remedy() {
    let mismatch = verdict(&png(), "application/pdf", "a.png", ANYTHING).unwrap_err();
    assert_eq!(mismatch.field(), Some("mediaType"));
    assert_eq!(
        mismatch.to_string(),
        "mediaType declares application/pdf, but the content is image/png; declare image/png, or leave mediaType out"
    );
    let named = verdict(&png(), "", "a.pdf", ANYTHING).unwrap_err();
    assert_eq!(named.field(), Some("filename"));
    assert_eq!(
        named.to_string(),
        "filename ends in .pdf, but the content is image/png; name the file after what it is"
    );
}

#[rstest]
#[case("application/pdf", "setup.exe", "dangerous", "filename")]
#[case("text/plain", "page.html", "dangerous", "filename")]
#[case("application/pdf", "tool.mp4", "not_accepted", "filename")]
#[case("", "photo.png", "not_accepted", "filename")]
#[case("application/pdf", "a.txt", "type_mismatch", "mediaType")]
#[case("text/plain", "a.pdf", "type_mismatch", "mediaType")]
#[case("application/x-msdownload", "a.pdf", "type_mismatch", "mediaType")]
fn a_claim_that_no_bytes_could_bear_out_is_refused_on_its_field(
    #[case] declared: &str,
    #[case] name: &str,
    #[case] code: &str,
    #[case] field: &str,
) {
    let accepts = ["application/pdf", "text/*"];
    let name = Filename::clean(name).unwrap();
    let refusal = check_claim(Some(declared), &name, &accepts, Dangerous::Refuse).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, Some(field)));
}

#[test]
fn refusals_of_a_claim_name_the_remedy() {
    let told = |declared, name| {
        let name = Filename::clean(name).unwrap();
        let accepts = ["application/pdf", "text/*"];
        let refused = check_claim(Some(declared), &name, &accepts, Dangerous::Refuse);
        refused.unwrap_err().to_string()
    };
    assert_eq!(
        told("text/csv", "a.pdf"),
        "mediaType declares text/csv, but filename ends in .pdf, which is application/pdf; make them say the same"
    );
    assert_eq!(
        told("", "a.png"),
        "filename ends in .png, which is image/png; that is not accepted here, accepted are application/pdf, text/*"
    );
    assert_eq!(
        told("", "a.sh"),
        "filename ends in .sh, which is text/x-shellscript and can run when opened; send a format that only shows something"
    );
}

#[test]
fn a_place_may_keep_dangerous_kinds_as_downloads() {
    let name = Filename::clean("logo.svg").unwrap();
    let sniffed = sniff(b"<svg/>", 6);
    let keep = |accepts: &[&str]| judge(&sniffed, None, &name, accepts, Dangerous::Attachment);
    let accepted = keep(&["image/svg+xml"]).unwrap();
    assert_eq!(
        accepted,
        Accepted {
            media_type: "image/svg+xml".to_owned(),
            inline_allowed: false
        }
    );
    assert_eq!(keep(&["image/png"]).unwrap_err().code(), "not_accepted");
}

#[rstest]
#[case(png(), "a.png", true)]
#[case(b"%PDF-1.7\n".to_vec(), "a.pdf", true)]
#[case(ftyp(b"isom", &[]), "a.mp4", true)]
#[case(ftyp(b"heic", &[]), "a.heic", false)]
#[case(b"hello".to_vec(), "a.txt", false)]
#[case(zip(&[("a", b"")]), "a.zip", false)]
fn only_the_listed_types_are_shown_in_place(
    #[case] bytes: Vec<u8>,
    #[case] name: &str,
    #[case] inline: bool,
) {
    assert_eq!(
        verdict(&bytes, "", name, ANYTHING).unwrap().inline_allowed,
        inline
    );
}

/// Bytes of every kind that the tests have.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::sample::select(vec![
            Vec::new(),
            png(),
            jpeg(),
            b"%PDF-1.7\n".to_vec(),
            b"a,b\n1,2\n".to_vec(),
            b"<p>fragment".to_vec(),
            b"{}".to_vec(),
            zip(&[("a", b"")]),
            ooxml("word/document.xml"),
            compound("nothing in sight"),
            ftyp(b"isom", &[]),
            ftyp(b"qt  ", &[]),
            ftyp(b"heic", &[]),
        ]),
        proptest::collection::vec(any::<u8>(), 0..100),
    ]
}

proptest! {
    #[test]
    fn a_claim_of_an_accepted_file_is_never_refused(
        bytes in any_bytes(),
        declared in proptest::sample::select(vec![
            "", "text/plain", "text/csv", "text/x-log", "application/json", "application/zip",
            "application/vnd.ms-excel", "application/msword", DOCX, "image/png", "image/jpg",
            "image/heif", "video/mp4", "video/quicktime", "application/octet-stream", "application/pdf",
        ]),
        name in "a(\\.(png|jpeg|pdf|txt|md|csv|tsv|json|zip|docx|xlsx|doc|xls|mp4|mov|heic|heif|html|exe|odt|weird))?",
        accepts in proptest::sample::subsequence(
            vec!["image/*", "text/*", "application/json", "application/*", "video/*", "video/quicktime"], 1..=6
        ),
    ) {
        if verdict(&bytes, declared, &name, &accepts).is_ok() {
            let name = Filename::clean(&name).unwrap();
            prop_assert_eq!(check_claim(Some(declared), &name, &accepts, Dangerous::Refuse), Ok(()));
        }
    }

    #[test]
    fn whatever_is_shown_in_place_is_on_the_list(
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
        declared in "[a-z]{1,5}/[a-z*]{1,5}|\\PC{0,20}",
        name in "[a-z]{1,8}\\.(png|html|pdf|txt|exe|md)",
    ) {
        if let Ok(accepted) = verdict(&bytes, &declared, &name, ANYTHING) {
            let listed = media::INLINE_MEDIA_TYPES.contains(&accepted.media_type.as_str());
            prop_assert_eq!(accepted.inline_allowed, listed);
            prop_assert!(!name.ends_with(".exe") && !name.ends_with(".html"));
        }
    }
}
