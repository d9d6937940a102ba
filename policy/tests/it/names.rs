//! Every closed set has one text form, and every text form one value.

use policy::{
    Action, DangerousKinds, FileState, JobState, ObjectId, QuotaMetric, ReservationState, Role,
    Scope, Scopes, TenantStatus, Tier, UploadState,
};
use proptest::prelude::*;
use rstest::rstest;

macro_rules! round_trips {
    ($($name:ident)+) => {$(
        for value in $name::ALL {
            assert_eq!(value.as_str().parse(), Ok(*value));
            assert_eq!(serde_json::to_string(value).unwrap(), format!("\"{value}\""));
            assert_eq!(serde_json::from_str::<$name>(&format!("\"{value}\"")).unwrap(), *value);
        }
        let texts: std::collections::BTreeSet<_> = $name::ALL.iter().map(|value| value.as_str()).collect();
        assert_eq!(texts.len(), $name::ALL.len(), "two values share a text");
    )+};
}

#[test]
fn every_value_comes_back_from_its_text() {
    round_trips!(Action DangerousKinds FileState JobState QuotaMetric ReservationState Role Scope TenantStatus Tier UploadState);
}

#[test]
fn an_unknown_text_is_named_and_cut() {
    assert_eq!(
        "root".parse::<Role>().unwrap_err().to_string(),
        "\"root\" is not a known role"
    );
    assert_eq!(
        "x".repeat(5_000).parse::<Tier>().unwrap_err().value.len(),
        64
    );
}

#[test]
fn action_names_follow_the_grammar_of_the_audit_log() {
    for action in Action::ALL {
        let parts: Vec<&str> = action.name().split('.').collect();
        assert!(parts.len() >= 2, "{action}");
        let clean = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        assert!(parts.iter().all(clean), "{action}");
    }
}

#[test]
fn every_action_is_described_in_one_sentence() {
    for action in Action::ALL {
        let sentence = action.describe();
        assert!(
            sentence.ends_with('.') && sentence.matches(". ").count() == 0,
            "{action}: {sentence}"
        );
        assert!(
            sentence.starts_with(char::is_uppercase),
            "{action}: {sentence}"
        );
    }
}

#[test]
fn scopes_are_written_sorted_and_read_in_any_order() {
    let scopes: Scopes = "urls:create  files:write\nfiles:read files:read"
        .parse()
        .unwrap();
    assert_eq!(scopes.to_string(), "files:read files:write urls:create");
    assert_eq!(Scopes::all().to_string().parse(), Ok(Scopes::all()));
    assert_eq!("".parse(), Ok(Scopes::NONE));
    assert!("files:read root".parse::<Scopes>().is_err());
}

proptest! {
    #[test]
    fn sets_of_scopes_behave_like_sets(a in subset(), b in subset()) {
        let (left, right): (Scopes, Scopes) = (a.iter().copied().collect(), b.iter().copied().collect());
        prop_assert_eq!(left.to_string().parse(), Ok(left));
        for scope in Scope::ALL {
            prop_assert_eq!(left.contains(*scope), a.contains(scope));
            prop_assert_eq!(left.intersect(right).contains(*scope), a.contains(scope) && b.contains(scope));
        }
        prop_assert!(left.intersect(right).is_subset(left));
        prop_assert_eq!(left.len() as usize, left.iter().count());
    }

    #[test]
    fn an_object_id_is_exactly_its_grammar(text in "[A-Za-z0-9._/ é-]{0,6}") {
        let clean = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let expected = clean && !text.is_empty() && text != "." && text != "..";
        prop_assert_eq!(text.parse::<ObjectId>().is_ok(), expected);
    }
}

fn subset() -> impl Strategy<Value = Vec<Scope>> {
    proptest::sample::subsequence(Scope::ALL, 0..=Scope::ALL.len())
}

#[rstest]
#[case::longest("a".repeat(128), true)]
#[case::too_long("a".repeat(129), false)]
#[case::dots("...".to_owned(), true)]
#[case::parent("..".to_owned(), false)]
#[case::nul("a\0b".to_owned(), false)]
fn object_ids_end_where_they_should(#[case] text: String, #[case] good: bool) {
    assert_eq!(text.parse::<ObjectId>().is_ok(), good);
}
