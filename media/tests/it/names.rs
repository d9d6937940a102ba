//! Names from outside.

use media::{Filename, NameError};
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case::plain("photo.jpg", "photo.jpg")]
#[case::composed("Cafe\u{301}.txt", "Café.txt")]
#[case::spoofed_extension("invoice\u{202e}fdp.exe", "invoicefdp.exe")]
#[case::zero_width("a\u{200b}b\u{feff}.txt", "ab.txt")]
#[case::control("a\r\nb\tc.txt", "abc.txt")]
#[case::tag_characters("a\u{e0041}.txt", "a.txt")]
#[case::trailing_dots_and_spaces("report.pdf. . ", "report.pdf")]
#[case::surrounding_space("  a b .txt", "a b .txt")]
#[case::device("CON", "_CON")]
#[case::device_with_extension("nul.tar.gz", "_nul.tar.gz")]
#[case::port("Com1.txt", "_Com1.txt")]
#[case::superscript_port("LPT¹", "_LPT¹")]
#[case::not_a_device("console.txt", "console.txt")]
#[case::not_a_port("COM10", "COM10")]
#[case::hidden(".profile", ".profile")]
#[case::other_scripts("文書 📄.pdf", "文書 📄.pdf")]
fn a_name_is_cleaned(#[case] original: &str, #[case] cleaned: &str) {
    let name = Filename::clean(original).unwrap();
    assert_eq!((name.stored(), name.display()), (cleaned, original));
}

#[rstest]
#[case::nothing("", NameError::Empty)]
#[case::only_space(" \u{3000}", NameError::Empty)]
#[case::only_invisible("\u{200b}\u{202e}", NameError::Empty)]
#[case::only_dots("....", NameError::Empty)]
#[case::here(".", NameError::Directory)]
#[case::parent("..", NameError::Directory)]
#[case::hidden_parent(".\u{200b}. ", NameError::Directory)]
#[case::path("../etc/passwd", NameError::Separator)]
#[case::windows_path("C:\\a.txt", NameError::Separator)]
#[case::nul("a.png\0.exe", NameError::Separator)]
fn a_name_is_refused(#[case] original: &str, #[case] error: NameError) {
    assert_eq!(Filename::clean(original), Err(error));
}

#[test]
fn the_limit_is_255_bytes_after_cleaning() {
    assert_eq!(
        Filename::clean(&"é".repeat(127)).unwrap().stored().len(),
        254
    );
    assert_eq!(
        Filename::clean(&"é".repeat(128)),
        Err(NameError::TooLong { byte_len: 256 })
    );
    assert!(Filename::clean(&format!("{}{}", "\u{200b}".repeat(100), "a".repeat(255))).is_ok());
    // A device name of 255 bytes gets its underscore and is too long with it.
    assert_eq!(
        Filename::clean(&format!("con.{}", "a".repeat(251))),
        Err(NameError::TooLong { byte_len: 256 })
    );
    assert!(matches!(
        Filename::clean(&"\u{200b}".repeat(100_000)),
        Err(NameError::TooLong { .. })
    ));
}

#[rstest]
#[case("a.TXT", Some("txt"))]
#[case("archive.tar.gz", Some("gz"))]
#[case("invoice.pdf.exe", Some("exe"))]
#[case(".profile", None)]
#[case("name", None)]
#[case("v1. draft", None)]
fn the_extension_follows_the_last_dot(#[case] name: &str, #[case] extension: Option<&str>) {
    assert_eq!(
        Filename::clean(name).unwrap().extension().as_deref(),
        extension
    );
}

proptest! {
    #[test]
    fn cleaning_a_cleaned_name_changes_nothing(original in hostile()) {
        if let Ok(name) = Filename::clean(&original) {
            let again = Filename::clean(name.stored()).unwrap();
            prop_assert_eq!(again.stored(), name.stored());
        }
    }

    #[test]
    fn a_cleaned_name_is_one_short_visible_segment(original in hostile()) {
        if let Ok(name) = Filename::clean(&original) {
            let stored = name.stored();
            prop_assert!((1..=255).contains(&stored.len()));
            prop_assert!(!stored.contains(['/', '\\', '\0']) && stored != "." && stored != "..");
            let seen = stored.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
            prop_assert!(seen);
            prop_assert!(!stored.ends_with(['.', ' ']) && !stored.starts_with(' '));
            prop_assert_eq!(name.display(), original);
        }
    }
}

/// Any text, and texts made of what causes trouble.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[aé. \u{301}\u{200b}\u{202e}\u{feff}\u{340}\u{1100}\u{1161}/\\\\\u{0}-]{0,12}",
        "(con|NUL|com1|aux)[. \u{200b}]{0,3}[a-z]{0,4}",
        "\\PC{200,300}",
    ]
}
