//! What a tenant can set.

use policy::{SettingKey, Settings};
use rstest::rstest;

#[test]
fn every_key_has_a_kind_a_default_and_a_sentence() {
    let rows: Vec<String> = SettingKey::ALL
        .iter()
        .map(|key| {
            let (kind, default) = (key.kind(), key.default_value());
            format!("{key}: {kind}; {default}")
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    timeZone: IANA name such as Europe/Berlin; UTC
    locale: BCP 47 tag such as de-CH; en
    linkTtlSeconds: seconds, 60 to 3600; the lifetime of the file's type
    apiKeyMaxTtlDays: days, 1 to 3650; no bound
    invitationDomains: up to 50 domain names; any
    ");
    assert!(
        SettingKey::ALL
            .iter()
            .all(|key| key.describe().ends_with('.'))
    );
}

fn one(json: &str) -> Settings {
    serde_json::from_str(json).unwrap()
}

#[rstest]
#[case(r#"{"timeZone":"Europe/Berlin"}"#)]
#[case(r#"{"timeZone":"America/Argentina/Buenos_Aires"}"#)]
#[case(r#"{"locale":"de-CH"}"#)]
#[case(r#"{"linkTtlSeconds":60}"#)]
#[case(r#"{"linkTtlSeconds":3600}"#)]
#[case(r#"{"apiKeyMaxTtlDays":1}"#)]
#[case(r#"{"invitationDomains":["example.com","a.example.org"]}"#)]
fn a_value_of_its_key_is_taken(#[case] json: &str) {
    assert_eq!(one(json).check(), Ok(()));
}

#[rstest]
#[case(r#"{"timeZone":"/etc/passwd"}"#, "timeZone")]
#[case(r#"{"timeZone":""}"#, "timeZone")]
#[case(r#"{"locale":"german"}"#, "locale")]
#[case(r#"{"linkTtlSeconds":59}"#, "linkTtlSeconds")]
#[case(r#"{"linkTtlSeconds":3601}"#, "linkTtlSeconds")]
#[case(r#"{"apiKeyMaxTtlDays":0}"#, "apiKeyMaxTtlDays")]
#[case(r#"{"invitationDomains":["Example.com"]}"#, "invitationDomains")]
#[case(r#"{"invitationDomains":["localhost"]}"#, "invitationDomains")]
fn a_value_of_another_kind_names_its_key(#[case] json: &str, #[case] key: &str) {
    let problem = one(json).check().unwrap_err();
    assert_eq!(problem.key.as_str(), key);
    assert!(problem.to_string().starts_with(&format!("{key} must be ")));
}

#[test]
fn only_invited_domains_are_admitted_and_without_any_everybody_is() {
    assert!(Settings::default().admits("ana@example.com"));
    let bound = one(r#"{"invitationDomains":["example.com"]}"#);
    assert!(bound.admits("ana@example.com"));
    assert!(!bound.admits("ana@sub.example.com"));
    assert!(!bound.admits("ana@example.com.evil.test"));
}

#[test]
fn what_is_reset_has_its_default_again() {
    let mut settings = one(r#"{"timeZone":"Asia/Tokyo","locale":"ja"}"#);
    settings.reset(SettingKey::TimeZone);
    assert_eq!((settings.time_zone(), settings.locale()), ("UTC", "ja"));
    let differing: Vec<_> = settings.differing(&Settings::default()).collect();
    assert_eq!(differing, [SettingKey::Locale]);
}

#[test]
fn the_guide_has_every_key() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/developer-guide.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for key in SettingKey::ALL {
        let line = format!("| `{key}` | {} | {} |", key.kind(), key.default_value());
        assert!(guide.contains(&line), "the guide lacks {line}");
    }
}
