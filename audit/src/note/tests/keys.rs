use data_encoding::HEXLOWER;

use super::*;
use crate::hash::Hash;

#[test]
fn a_verifier_key_of_the_go_note_package_is_made_again() {
    let key = go_key();
    assert_eq!(
        (key.name(), key.algorithm()),
        ("PeterNeumann", Algorithm::Ed25519)
    );
    assert_eq!(HEXLOWER.encode(&key.id()), "c74f20a3");
    assert_eq!(key.to_string(), GO_VKEY);
    assert_eq!(vkey("PeterNeumann", &key.public()), GO_VKEY);
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
        let bytes = Hash::from_hex(seed).unwrap().0;
        let key = LogKey::from_seed(&bytes);
        assert_eq!(HEXLOWER.encode(&key.public()), public);
        assert!(!format!("{key:?}").contains(seed));
        let key = CosignerKey::from_seed(&bytes);
        assert_eq!(HEXLOWER.encode(&key.public()), public);
        assert!(!format!("{key:?}").contains(seed));
    }
}

#[test]
fn a_signing_key_is_wiped_on_drop() {
    fn assert_wiped<T: zeroize::ZeroizeOnDrop>() {}
    assert_wiped::<ed25519_dalek::SigningKey>();
}

#[test]
fn one_seed_has_another_id_for_each_type() {
    let (log, time) = (known("name", 1), known_cosigner("name", 1));
    assert_eq!(log.public(), time.public());
    assert_ne!(log.id(), time.id());
    assert_eq!(VerifierKey::parse(&time.to_string()), Ok(time));
}

#[test]
fn a_damaged_verifier_key_is_refused() {
    for start in 0..GO_VKEY.len() {
        for end in start + 1..=GO_VKEY.len() {
            if start > 0 || end < GO_VKEY.len() {
                assert!(VerifierKey::parse(&GO_VKEY[start..end]).is_err());
            }
        }
    }
    for at in 0..GO_VKEY.len() {
        let mut bytes = GO_VKEY.as_bytes().to_vec();
        bytes[at] ^= 1;
        let text = String::from_utf8(bytes).unwrap();
        assert!(VerifierKey::parse(&text).is_err(), "{text}");
    }
    assert_eq!(
        VerifierKey::parse(&GO_VKEY.replace("c74f20a3", "C74F20A3")),
        Err(KeyError::Id)
    );
    assert_eq!(
        VerifierKey::parse(&GO_VKEY.replace("Neumann", " Neumann")),
        Err(KeyError::Name)
    );
    assert_eq!(
        VerifierKey::parse(&format!("{GO_VKEY}\n")),
        Err(KeyError::Malformed)
    );
}

#[test]
fn types_that_are_not_known_are_refused() {
    for byte in [0x00, 0x02, 0x03, 0x05, 0x06, 0xff] {
        let encoded = BASE64.encode(&[&[byte], [9_u8; 32].as_slice()].concat());
        assert_eq!(
            VerifierKey::parse(&format!("name+00000000+{encoded}")),
            Err(KeyError::Algorithm(byte))
        );
    }
}

#[test]
fn keys_that_anybody_can_sign_for_are_refused() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for public in [[0; 32], neutral, [2; 32]] {
        assert_eq!(VerifierKey::log("name", &public), Err(KeyError::Public));
    }
}
