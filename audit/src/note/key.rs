//! The keys that sign.

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer, SigningKey};

/// The signing key of one log; its seed is wiped from memory when it is dropped.
pub struct LogKey(SigningKey);

/// The key that states when a log had which head; its seed is wiped from memory when it is dropped.
///
/// A type of its own, so that a log's key never cosigns: a time that the log vouches for itself proves nothing.
pub struct CosignerKey(SigningKey);

impl LogKey {
    /// The key of a seed, 32 random bytes. The caller wipes its own copy.
    pub fn from_seed(seed: &[u8; 32]) -> LogKey {
        LogKey(SigningKey::from_bytes(seed))
    }

    /// The Ed25519 public key.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl CosignerKey {
    /// The key of a seed, 32 random bytes. The caller wipes its own copy.
    pub fn from_seed(seed: &[u8; 32]) -> CosignerKey {
        CosignerKey(SigningKey::from_bytes(seed))
    }

    /// The Ed25519 public key.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKey")
            .field("public", &HEXLOWER.encode(&self.public()))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CosignerKey")
            .field("public", &HEXLOWER.encode(&self.public()))
            .finish_non_exhaustive()
    }
}
