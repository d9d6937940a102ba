use super::*;
use crate::entry::{ActorKind, SYSTEM_TENANT};

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
