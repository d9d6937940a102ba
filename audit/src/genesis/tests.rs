use super::*;
use crate::entry::{ActorKind, SYSTEM_TENANT};
use crate::hash::Hash;
use crate::merkle::TreeHead;

#[test]
fn origins_name_domain_deployment_log_and_epoch() {
    let tenant = "0190a000-0000-7000-8000-00000000000a";
    assert_eq!(
        origin("strongroom.local", "0a1b2c3d", Log::Tenant(tenant), 0),
        "audit.strongroom.local/0a1b2c3d/t/0190a000-0000-7000-8000-00000000000a/e0"
    );
    assert_eq!(
        origin("example.com", "0a1b2c3d", Log::System, 2),
        "audit.example.com/0a1b2c3d/system/e2"
    );
}

#[test]
fn a_genesis_states_name_key_and_policy() {
    let name = origin("strongroom.local", "0a1b2c3d", Log::System, 0);
    let draft = Genesis {
        tenant: SYSTEM_TENANT.to_owned(),
        id: "0190a000-0000-7000-8000-000000000001".to_owned(),
        at: Time::EPOCH,
        actor: Actor {
            kind: ActorKind::System,
            id: "bootstrap".to_owned(),
        },
        req: Req {
            id: "0190a000-0000-7000-8000-000000000002".to_owned(),
            trace: String::new(),
        },
        vkey: vkey(&name, &[0; 32]),
        origin: name,
        deployment: "0a1b2c3d".to_owned(),
        payload_days: 365,
        entry_days: 2557,
        previous: None,
    }
    .draft();
    assert_eq!(draft.validate(), Ok(()));
    let meta = String::from_utf8(crate::canon::write(&Value::Object(draft.meta))).unwrap();
    assert_eq!(
        meta,
        concat!(
            r#"{"deployment":"0a1b2c3d","origin":"audit.strongroom.local/0a1b2c3d/system/e0","#,
            r#""policy":{"entry_days":2557,"payload_days":365},"#,
            r#""vkey":"audit.strongroom.local/0a1b2c3d/system/e0+201ad67e+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#
        )
    );
}

#[test]
fn a_later_epoch_names_what_it_follows_and_what_is_lost() {
    let head = |epoch, size| NamedHead {
        origin: origin("strongroom.local", "0a1b2c3d", Log::System, epoch),
        tree: TreeHead {
            size,
            root: Hash([7; 32]),
        },
    };
    let previous = Previous {
        kept: head(0, 5),
        known: Some(head(0, 9)),
    };
    assert_eq!(previous.lost(), 4);
    let meta = |previous: &Previous| BTreeMap::from([(PREVIOUS.to_owned(), previous.to_value())]);
    assert_eq!(
        Previous::of_meta(&meta(&previous)),
        Some(Ok(previous.clone()))
    );
    let text = String::from_utf8(crate::canon::write(&Value::Object(meta(&previous)))).unwrap();
    let root = "07".repeat(32);
    assert_eq!(
        text,
        format!(
            concat!(
                r#"{{"previous":{{"known":{{"origin":"audit.strongroom.local/0a1b2c3d/system/e0","root":"{}","size":9}},"#,
                r#""origin":"audit.strongroom.local/0a1b2c3d/system/e0","root":"{}","size":5}}}}"#
            ),
            root, root
        )
    );
    let unknown = Previous {
        known: None,
        ..previous.clone()
    };
    assert_eq!(unknown.lost(), 0);
    assert_eq!(Previous::of_meta(&meta(&unknown)), Some(Ok(unknown)));
    let later = Previous {
        known: Some(head(1, 9)),
        ..previous
    };
    assert_eq!(later.lost(), 9, "all of an epoch that is not there");
    assert_eq!(Previous::of_meta(&BTreeMap::new()), None);
    let malformed = BTreeMap::from([(PREVIOUS.to_owned(), Value::from("e0"))]);
    assert_eq!(Previous::of_meta(&malformed), Some(Err(())));
}
