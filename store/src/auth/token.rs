//! What credentials look like: a prefix that names the kind, randomness, and for keys a checksum.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::StoreError;

const KEY_PREFIX: &str = "sr_live_";
const SESSION_PREFIX: &str = "srs_";
const OPERATOR_PREFIX: &str = "sro_";
const INVITATION_PREFIX: &str = "sri_";
const ID_LEN: usize = 12;
const SECRET_LEN: usize = 43;
const CHECKSUM_LEN: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a bearer token claims to be. Says nothing about whether it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `sr_live_…`
    ApiKey,
    /// `srs_…`
    Session,
    /// `sro_…`
    OperatorSession,
    /// `sri_…`; opens no door by itself.
    Invitation,
}

/// The kind by its prefix, if it has one of ours.
#[must_use]
pub fn kind(token: &str) -> Option<Kind> {
    let prefixes = [
        (KEY_PREFIX, Kind::ApiKey),
        (SESSION_PREFIX, Kind::Session),
        (OPERATOR_PREFIX, Kind::OperatorSession),
        (INVITATION_PREFIX, Kind::Invitation),
    ];
    prefixes
        .into_iter()
        .find(|(prefix, _)| token.starts_with(prefix))
        .map(|(_, kind)| kind)
}

/// A fresh API key.
#[derive(Debug)]
pub struct NewKey {
    /// The part by which it is found.
    pub public_id: String,
    /// The whole token, to be shown once.
    pub token: SecretString,
    /// What is stored.
    pub mac: [u8; 32],
}

/// Makes an API key: `sr_live_<12 base62>_<43 base62><6 base62 CRC-32>`.
///
/// # Errors
/// When the operating system gives no randomness.
pub(crate) fn new_key(pepper: &[u8; 32]) -> Result<NewKey, StoreError> {
    let public_id = random_base62(ID_LEN)?;
    let body = format!("{KEY_PREFIX}{public_id}_{}", random_base62(SECRET_LEN)?);
    let token = format!("{body}{}", checksum(&body));
    Ok(NewKey {
        public_id,
        mac: key_mac(pepper, &token),
        token: token.into(),
    })
}

/// The public id of a well-formed key. The checksum keeps junk and typing errors away from the
/// database; it protects nothing.
#[must_use]
pub fn key_id(token: &str) -> Option<&str> {
    let rest = token.strip_prefix(KEY_PREFIX)?;
    let (id, secret) = rest.split_once('_')?;
    let well_formed = id.len() == ID_LEN
        && secret.len() == SECRET_LEN + CHECKSUM_LEN
        && rest.bytes().all(|b| b == b'_' || ALPHABET.contains(&b));
    if !well_formed {
        return None;
    }
    let (body, sum) = token.split_at_checked(token.len() - CHECKSUM_LEN)?;
    (checksum(body) == sum).then_some(id)
}

/// What is stored of a key: HMAC-SHA-256 of the whole token under the deployment's pepper.
pub(crate) fn key_mac(pepper: &[u8; 32], token: &str) -> [u8; 32] {
    match <Hmac<Sha256> as KeyInit>::new_from_slice(pepper) {
        Ok(mac) => mac
            .chain_update(token.as_bytes())
            .finalize()
            .into_bytes()
            .into(),
        Err(_) => [0; 32],
    }
}

/// A fresh opaque token of 256 bits, and the hash under which it is stored.
#[derive(Debug)]
pub struct NewToken {
    /// To be handed out once.
    pub token: SecretString,
    /// What is stored.
    pub hash: [u8; 32],
}

pub(crate) fn new_session() -> Result<NewToken, StoreError> {
    opaque(SESSION_PREFIX)
}

pub(crate) fn new_operator_session() -> Result<NewToken, StoreError> {
    opaque(OPERATOR_PREFIX)
}

pub(crate) fn new_invitation() -> Result<NewToken, StoreError> {
    opaque(INVITATION_PREFIX)
}

fn opaque(prefix: &str) -> Result<NewToken, StoreError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(StoreError::internal)?;
    let token = format!("{prefix}{}", BASE64URL_NOPAD.encode(&bytes));
    Ok(NewToken {
        hash: hash(&token),
        token: token.into(),
    })
}

/// The hash of an opaque token: plain SHA-256 is enough for 256 random bits.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Uniform over the alphabet: bytes beyond the last whole multiple of 62 are drawn again.
fn random_base62(len: usize) -> Result<String, StoreError> {
    let mut text = String::with_capacity(len);
    let mut bytes = [0; 64];
    while text.len() < len {
        getrandom::fill(&mut bytes).map_err(StoreError::internal)?;
        let letters = bytes
            .iter()
            .filter(|byte| **byte < 248)
            .filter_map(|byte| ALPHABET.get(usize::from(*byte % 62)));
        for letter in letters.take(len - text.len()) {
            text.push(char::from(*letter));
        }
    }
    Ok(text)
}

/// CRC-32 in six digits of base 62.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LEN];
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(rest % 62).unwrap_or(0);
        *digit = ALPHABET.get(index).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_new_key_has_the_documented_shape() -> Result<(), StoreError> {
        let key = new_key(&[1; 32])?;
        let token = key.token.expose_secret();
        assert_eq!(token.len(), 8 + 12 + 1 + 43 + 6);
        assert_eq!(key_id(token), Some(key.public_id.as_str()));
        assert_eq!(kind(token), Some(Kind::ApiKey));
        assert_eq!(key.mac, key_mac(&[1; 32], token));
        Ok(())
    }

    #[test]
    fn every_changed_character_is_noticed() -> Result<(), StoreError> {
        let token = new_key(&[1; 32])?.token.expose_secret().to_owned();
        for position in KEY_PREFIX.len()..token.len() {
            let mut bytes = token.clone().into_bytes();
            if let Some(byte) = bytes.get_mut(position) {
                *byte = if *byte == b'7' { b'8' } else { b'7' };
            }
            let changed = String::from_utf8_lossy(&bytes).into_owned();
            assert_eq!(key_id(&changed), None, "position {position}");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn junk_has_no_id(junk in "(sr_live_)?\\PC{0,80}") {
            prop_assert_eq!(key_id(&junk), None);
        }
    }
}
