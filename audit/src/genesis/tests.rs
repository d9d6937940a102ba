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
fn a_verifier_key_of_the_go_note_package_is_made_again() {
    let expected = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let key = BASE64
        .decode(expected.rsplit_once('+').unwrap().1.as_bytes())
        .unwrap();
    let public: [u8; 32] = key[1..].try_into().unwrap();
    assert_eq!(key[0], 0x01);
    assert_eq!(
        HEXLOWER.encode(&key_id("PeterNeumann", &public)),
        "c74f20a3"
    );
    assert_eq!(vkey("PeterNeumann", &public), expected);
}

#[test]
fn seeds_of_rfc_8032_give_their_public_keys() {
    for (seed, public) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
    ] {
        let key = LogKey::from_seed(&Hash::from_hex(seed).unwrap().0);
        assert_eq!(HEXLOWER.encode(&key.public()), public);
        assert!(!format!("{key:?}").contains(seed));
    }
}

#[test]
fn a_log_key_is_wiped_on_drop() {
    fn assert_wiped<T: zeroize::ZeroizeOnDrop>() {}
    assert_wiped::<SigningKey>();
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
