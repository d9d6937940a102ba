use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::canon::{self, CanonError};
use crate::hash::Hash;
use crate::value::{MAX_INTEGER, Value};

pub(crate) const TENANT: &str = "0190a000-0000-7000-8000-00000000000a";

/// A draft of ordinary size whose id ends in `number`.
pub(crate) fn draft(number: u32) -> Draft {
    Draft {
        tenant: TENANT.to_owned(),
        id: format!("0190a000-0000-7000-8000-0000{number:08x}"),
        at: Time::from_micros(1_750_000_000_000_000 + i64::from(number)).unwrap(),
        action: "file.upload.create".to_owned(),
        outcome: Outcome::Success,
        actor: Actor {
            kind: ActorKind::ApiKey,
            id: "0190a000-0000-7000-8000-0000000000aa".to_owned(),
        },
        targets: vec![Target {
            kind: "file".to_owned(),
            id: "0190a000-0000-7000-8000-0000000000bb".to_owned(),
        }],
        req: Req {
            id: "0190a000-0000-7000-8000-0000000000cc".to_owned(),
            trace: String::new(),
        },
        sd: BTreeMap::from([("actor.ip".to_owned(), "a".repeat(42) + "A")]),
        meta: BTreeMap::from([("byte_len".to_owned(), Value::Integer(1_048_576))]),
        trim: None,
    }
}

fn start() -> Position {
    Position {
        seq: 0,
        prev: Hash::ZERO,
        ts: Time::EPOCH,
    }
}

#[test]
fn an_entry_is_these_bytes() {
    let sealed = seal(&draft(1), start()).unwrap();
    let text = concat!(
        r#"{"action":"file.upload.create","actor":{"id":"0190a000-0000-7000-8000-0000000000aa","type":"api_key"},"#,
        r#""at":"2025-06-15T15:06:40.000001Z","id":"0190a000-0000-7000-8000-000000000001","meta":{"byte_len":1048576},"#,
        r#""outcome":"success","prev":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""req":{"id":"0190a000-0000-7000-8000-0000000000cc","trace":""},"#,
        r#""sd":{"actor.ip":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA"},"seq":0,"#,
        r#""targets":[{"id":"0190a000-0000-7000-8000-0000000000bb","type":"file"}],"#,
        r#""tenant":"0190a000-0000-7000-8000-00000000000a","ts":"1970-01-01T00:00:00.000000Z","v":"audit/1"}"#,
    );
    assert_eq!(String::from_utf8(sealed.raw.clone()).unwrap(), text);
    assert_eq!(sealed.leaf, crate::hash::leaf(&sealed.raw));
    let entry = Entry::parse(&sealed.raw).unwrap();
    assert_eq!((entry.position, entry.draft), (start(), draft(1)));
}

#[test]
fn every_field_has_its_grammar() {
    let long = "x".repeat(65);
    let upper = TENANT.to_uppercase();
    type Spoil<'a> = Box<dyn Fn(&mut Draft) + 'a>;
    let cases: Vec<(&str, Spoil<'_>)> = vec![
        ("tenant", Box::new(|d| d.tenant.clone_from(&upper))),
        ("tenant", Box::new(|d| d.tenant = "\"".to_owned())),
        (
            "id",
            Box::new(|d| d.id = "0190a000-0000-4000-8000-000000000001".to_owned()),
        ),
        (
            "id",
            Box::new(|d| d.id = "0190a000-0000-7000-c000-000000000001".to_owned()),
        ),
        ("action", Box::new(|d| d.action = "upload".to_owned())),
        ("action", Box::new(|d| d.action = "file..upload".to_owned())),
        ("action", Box::new(|d| d.action = "file.Upload".to_owned())),
        (
            "action",
            Box::new(|d| d.action = "file.upload\n".to_owned()),
        ),
        ("actor.id", Box::new(|d| d.actor.id = "someone".to_owned())),
        (
            "actor.id",
            Box::new(|d| {
                d.actor = Actor {
                    kind: ActorKind::Anonymous,
                    id: "bob".to_owned(),
                }
            }),
        ),
        (
            "actor.id",
            Box::new(|d| {
                d.actor = Actor {
                    kind: ActorKind::System,
                    id: long.clone(),
                }
            }),
        ),
        (
            "actor.id",
            Box::new(|d| {
                d.actor = Actor {
                    kind: ActorKind::System,
                    id: "a b".to_owned(),
                }
            }),
        ),
        (
            "targets",
            Box::new(|d| d.targets = vec![d.targets[0].clone(); 21]),
        ),
        (
            "targets.id",
            Box::new(|d| d.targets[0].id = "report.pdf".to_owned()),
        ),
        (
            "targets.type",
            Box::new(|d| d.targets[0].kind = "File".to_owned()),
        ),
        ("req.id", Box::new(|d| d.req.id = String::new())),
        ("req.trace", Box::new(|d| d.req.trace = "zz".to_owned())),
        (
            "sd",
            Box::new(|d| drop(d.sd.insert("actor.name".to_owned(), "A".repeat(43)))),
        ),
        (
            "sd",
            Box::new(|d| drop(d.sd.insert("changes".to_owned(), "A".repeat(42)))),
        ),
        (
            "sd",
            Box::new(|d| drop(d.sd.insert("changes".to_owned(), "B".repeat(43)))),
        ),
        (
            "trim.rules",
            Box::new(|d| {
                d.trim = Some(Trim {
                    bytes: 1,
                    rules: vec![],
                })
            }),
        ),
        (
            "trim.rules",
            Box::new(|d| {
                d.trim = Some(Trim {
                    bytes: 1,
                    rules: vec![crate::trim::Rule::Arrays, crate::trim::Rule::Strings],
                })
            }),
        ),
    ];
    assert_eq!(draft(1).validate(), Ok(()));
    for (key, spoil) in cases {
        let mut draft = draft(1);
        spoil(&mut draft);
        assert_eq!(
            draft.validate(),
            Err(DraftError::Entry(EntryError::Value(key))),
            "{draft:?}"
        );
        assert!(seal(&draft, start()).is_err());
        assert!(Draft::from_bytes(&draft.to_bytes()).is_err());
    }
}

#[test]
fn meta_must_stay_in_the_profile() {
    let nested = (0..5).fold(Value::from(true), |value, _| Value::array([value]));
    for (key, value) in [
        ("Upper", Value::from(true)),
        ("", Value::from(true)),
        ("a", Value::from("\0")),
        ("a", Value::Integer(MAX_INTEGER + 1)),
        ("a", nested),
    ] {
        let mut draft = draft(1);
        draft.meta.insert(key.to_owned(), value);
        let error = draft.validate().unwrap_err();
        assert!(
            matches!(error, DraftError::Entry(EntryError::Canon(_))),
            "{error:?}"
        );
    }
}

#[test]
fn a_draft_is_measured_at_the_longest_position_it_could_get() {
    let mut draft = draft(1);
    draft.meta.insert("x".to_owned(), Value::from(""));
    let at_most = Position {
        seq: MAX_INTEGER,
        prev: Hash::ZERO,
        ts: Time::MAX,
    };
    let room = 16_384 - seal(&draft, at_most).unwrap().raw.len();
    draft
        .meta
        .insert("x".to_owned(), Value::from("x".repeat(room)));
    assert_eq!(draft.validate(), Ok(()));
    draft
        .meta
        .insert("x".to_owned(), Value::from("x".repeat(room + 1)));
    assert_eq!(
        draft.validate(),
        Err(DraftError::TooLarge { byte_len: 16_385 })
    );
}

#[test]
fn an_entry_has_exactly_its_keys() {
    let text = String::from_utf8(seal(&draft(1), start()).unwrap().raw).unwrap();
    assert!(EntryRef::parse(text.as_bytes()).is_ok());
    for (from, to) in [
        ("\"v\":\"audit/1\"", "\"v\":\"audit/2\""),
        ("\"v\":\"audit/1\"", "\"u\":1,\"v\":\"audit/1\""),
        (",\"v\":\"audit/1\"", ""),
        ("\"v\":\"audit/1\"", "\"v\":\"audit/1\",\"w\":1"),
        ("\"seq\":0,", ""),
        ("\"seq\":0", "\"seq\":\"0\""),
        ("\"meta\":{\"byte_len\":1048576}", "\"meta\":[]"),
        ("\"outcome\":\"success\"", "\"outcome\":\"fine\""),
        ("\"type\":\"api_key\"", "\"type\":\"robot\""),
        ("\"prev\":\"00", "\"prev\":\"0A"),
        ("\"trace\":\"\"", "\"trace\":null"),
        ("},\"seq\"", "} ,\"seq\""),
    ] {
        let spoiled = text.replacen(from, to, 1);
        assert_ne!(spoiled, text);
        assert!(EntryRef::parse(spoiled.as_bytes()).is_err(), "{to}");
    }
    assert!(
        EntryRef::parse(&draft(1).to_bytes()).is_err(),
        "a draft is not an entry"
    );
    assert!(
        Draft::from_bytes(text.as_bytes()).is_err(),
        "an entry is not a draft"
    );
    assert_eq!(
        EntryRef::parse(b""),
        Err(EntryError::Canon(CanonError::Syntax { at: 0 }))
    );
}

#[test]
fn words_read_back() {
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
    }
    for kind in ActorKind::ALL {
        assert_eq!(ActorKind::parse(kind.as_str()), Some(kind));
    }
    for rule in crate::trim::Rule::ALL {
        assert_eq!(crate::trim::Rule::parse(rule.as_str()), Some(rule));
    }
    assert_eq!(Outcome::parse("Success"), None);
    assert_eq!(ActorKind::parse("key"), None);
}

prop_compose! {
    fn any_uuid()(bits in any::<u128>()) -> String {
        let hex = format!("{bits:032x}");
        format!("{}-{}-7{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }
}

prop_compose! {
    fn any_actor()(kind in prop::sample::select(ActorKind::ALL.to_vec()), uuid in any_uuid(), reason in "[A-Za-z0-9_.-]{1,64}") -> Actor {
        let id = match kind {
            ActorKind::System => reason,
            ActorKind::Anonymous => "anonymous".to_owned(),
            _ => uuid,
        };
        Actor { kind, id }
    }
}

prop_compose! {
    pub(crate) fn any_draft()(
        ids in (any_uuid(), any_uuid(), any_uuid()),
        at in 0..=Time::MAX.as_micros(),
        action in "[a-z_]{1,8}(\\.[a-z_]{1,8}){1,3}",
        outcome in prop::sample::select(Outcome::ALL.to_vec()),
        actor in any_actor(),
        targets in prop::collection::vec(("[a-z_]{1,12}", any_uuid()), 0..=20),
        trace in "[0-9a-f-]{0,64}",
        sd in prop::collection::btree_map("actor\\.(email|ip|ua)|changes|extra|target\\.(1?[0-9])\\.name", "[A-Za-z0-9_-]{42}A", 0..6),
        meta in prop::collection::btree_map("[a-z0-9_.]{1,8}", "[^\u{0}]{0,20}".prop_map(Value::String), 0..5),
        trim in prop::option::of((0..MAX_INTEGER, prop::sample::subsequence(crate::trim::Rule::ALL.to_vec(), 1..=6))),
    ) -> Draft {
        Draft {
            tenant: ids.0, id: ids.1, at: Time::from_micros(at).unwrap(), action, outcome, actor,
            targets: targets.into_iter().map(|(kind, id)| Target { kind, id }).collect(),
            req: Req { id: ids.2, trace }, sd, meta,
            trim: trim.map(|(bytes, rules)| Trim { bytes, rules }),
        }
    }
}

proptest! {
    #[test]
    fn a_draft_is_read_back_from_the_outbox_and_from_the_log(draft in any_draft(), seq in 0..=MAX_INTEGER, prev: [u8; 32]) {
        prop_assert_eq!(draft.validate(), Ok(()));
        prop_assert_eq!(Draft::from_bytes(&draft.to_bytes()), Ok(draft.clone()));
        prop_assert_eq!(canon::check(&draft.to_bytes()), Ok(()));
        let position = Position { seq, prev: Hash(prev), ts: Time::MAX };
        let sealed = seal(&draft, position).unwrap();
        prop_assert_eq!(canon::write(&canon::parse(&sealed.raw).unwrap()), sealed.raw.clone());
        prop_assert_eq!(Entry::parse(&sealed.raw), Ok(Entry { position, draft }));
    }

    #[test]
    fn an_entry_is_always_canonical(draft in any_draft(), index: prop::sample::Index, byte: u8) {
        let mut raw = seal(&draft, start()).unwrap().raw;
        let at = index.index(raw.len());
        raw[at] = byte;
        if let Ok(entry) = Entry::parse(&raw) {
            prop_assert_eq!(seal(&entry.draft, entry.position).unwrap().raw, raw);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(EntryRef::parse(&bytes).is_err());
        prop_assert!(Draft::from_bytes(&bytes).is_err());
    }
}
