//! The keys that verify, and their text form.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::VerifyingKey;

use super::is_name;
use crate::encoding::base64;
use crate::hash::Hash;

/// What a key signs and how; the signature types of C2SP signed-note that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Type 0x01: Ed25519 over the text.
    Ed25519,
    /// Type 0x04, C2SP tlog-cosignature: Ed25519 over a time and the text.
    CosignatureV1,
}

impl Algorithm {
    /// The signature type identifier.
    pub fn byte(self) -> u8 {
        match self {
            Algorithm::Ed25519 => 0x01,
            Algorithm::CosignatureV1 => 0x04,
        }
    }
}

/// The key id: the first 4 bytes of `SHA-256(name || 0x0A || type || public)`.
pub fn key_id(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> [u8; 4] {
    let bytes = [name.as_bytes(), &[b'\n', algorithm.byte()], public].concat();
    let [a, b, c, d, ..] = Hash::of(&bytes).0;
    [a, b, c, d]
}

/// The text form of a log's verifier key: `<name>+<hex key id>+<base64(0x01 || public)>`.
///
/// The format separates by `+` and lines, so `name` must be one that [`is_name`] accepts.
pub fn vkey(name: &str, public: &[u8; 32]) -> String {
    encode(name, Algorithm::Ed25519, public)
}

fn encode(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> String {
    let id = HEXLOWER.encode(&key_id(name, algorithm, public));
    let key = [&[algorithm.byte()], public.as_slice()].concat();
    format!("{name}+{id}+{}", BASE64.encode(&key))
}

/// A key whose signatures are believed.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    public: VerifyingKey,
}

/// Why a text or a public key is not a verifier key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `<name>+<8 lower-case hex digits>+<base64>` of a type byte and 32 bytes.
    #[error("not a verifier key")]
    Malformed,
    /// The name is empty or has white space, a control character or `+`.
    #[error("the key name is malformed")]
    Name,
    /// A signature type that this crate does not know.
    #[error("unknown signature type {0:#04x}")]
    Algorithm(u8),
    /// The id is not that of the name, the type and the public key.
    #[error("the key id is not that of the key")]
    Id,
    /// Not a point of the curve, or one of small order, for which anybody can sign.
    #[error("the public key is not usable")]
    Public,
}

impl VerifierKey {
    /// The key of a log.
    pub fn log(name: &str, public: &[u8; 32]) -> Result<VerifierKey, KeyError> {
        VerifierKey::new(name, Algorithm::Ed25519, public)
    }

    /// The key of a cosigner.
    pub fn cosigner(name: &str, public: &[u8; 32]) -> Result<VerifierKey, KeyError> {
        VerifierKey::new(name, Algorithm::CosignatureV1, public)
    }

    /// Reads the text form, `<name>+<hex key id>+<base64(type || public)>`, of type 0x01 or 0x04.
    pub fn parse(text: &str) -> Result<VerifierKey, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(KeyError::Malformed);
        };
        let bytes = base64(encoded).ok_or(KeyError::Malformed)?;
        let (algorithm, public) = bytes.split_first().ok_or(KeyError::Malformed)?;
        let algorithm = match algorithm {
            0x01 => Algorithm::Ed25519,
            0x04 => Algorithm::CosignatureV1,
            other => return Err(KeyError::Algorithm(*other)),
        };
        let public = public.try_into().map_err(|_| KeyError::Malformed)?;
        let key = VerifierKey::new(name, algorithm, public)?;
        if HEXLOWER.encode(&key.id) == id {
            Ok(key)
        } else {
            Err(KeyError::Id)
        }
    }

    fn new(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> Result<VerifierKey, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let point = VerifyingKey::from_bytes(public).map_err(|_| KeyError::Public)?;
        if point.is_weak() {
            return Err(KeyError::Public);
        }
        Ok(VerifierKey {
            name: name.to_owned(),
            id: key_id(name, algorithm, public),
            algorithm,
            public: point,
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// What its signatures say.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The Ed25519 public key.
    pub fn public(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    /// A key that claims the id of another.
    #[cfg(test)]
    pub(super) fn with_id_of(self, other: &VerifierKey) -> VerifierKey {
        VerifierKey {
            id: other.id,
            ..self
        }
    }

    pub(super) fn verifying(&self) -> &VerifyingKey {
        &self.public
    }
}

/// The text form that [`VerifierKey::parse`] reads.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.name, self.algorithm, &self.public()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}
