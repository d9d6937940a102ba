//! Sub-keys of the one master key, by HKDF-SHA-256 (RFC 5869) with a label and the master's number.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// The deployment's one secret and its number. Never shown, never stored.
#[derive(Clone)]
pub struct MasterKey {
    number: i32,
    bytes: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey(number {})", self.number)
    }
}

/// What a sub-key is for. A label is never used for two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// HMAC of API keys.
    ApiKeyPepper,
    /// HMAC of page cursors.
    Cursor,
    /// HMAC of what clients asked for under an idempotency key.
    Idempotency,
    /// Seals the seeds of the logs' signing keys.
    AuditKeySeal,
    /// Seals what a run of verification leaves for the next one.
    VerificationSeal,
    /// HMAC of secrets that must be named in the audit log.
    AuditSecret,
    /// The credentials of the embedded object store.
    EmbeddedStore,
    /// The value that tells a wrong master key.
    Check,
}

impl Label {
    fn as_str(self) -> &'static str {
        match self {
            Self::ApiKeyPepper => "api-key-pepper",
            Self::Cursor => "cursor",
            Self::Idempotency => "idempotency",
            Self::AuditKeySeal => "audit-key-seal",
            Self::VerificationSeal => "verification-seal",
            Self::AuditSecret => "audit-secret",
            Self::EmbeddedStore => "embedded-store",
            Self::Check => "check",
        }
    }
}

impl MasterKey {
    /// Takes 32 bytes and the number under which sealed things will remember this key.
    #[must_use]
    pub fn new(number: i32, mut bytes: [u8; 32]) -> Self {
        let key = Self {
            number,
            bytes: Zeroizing::new(bytes),
        };
        bytes.zeroize();
        key
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> i32 {
        self.number
    }

    /// The 32-byte sub-key for `label`.
    #[must_use]
    pub fn derive(&self, label: Label) -> Zeroizing<[u8; 32]> {
        let info = format!("strongroom/{}/{}", label.as_str(), self.number);
        let mut key = Zeroizing::new([0; 32]);
        let expanded = Hkdf::<Sha256>::new(Some(b"strongroom"), self.bytes.as_slice())
            .expand(info.as_bytes(), key.as_mut_slice());
        debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's limit");
        key
    }
}

/// The master key in force, and the one before it for what that still opens. Cheap enough to clone.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    current: MasterKey,
    previous: Option<MasterKey>,
}

impl From<MasterKey> for MasterKeys {
    fn from(current: MasterKey) -> Self {
        Self {
            current,
            previous: None,
        }
    }
}

impl MasterKeys {
    /// Both keys; `previous` has another number.
    #[must_use]
    pub fn new(current: MasterKey, previous: Option<MasterKey>) -> Self {
        Self { current, previous }
    }

    /// The key that new things are sealed under.
    #[must_use]
    pub fn current(&self) -> &MasterKey {
        &self.current
    }

    /// The key before it.
    #[must_use]
    pub fn previous(&self) -> Option<&MasterKey> {
        self.previous.as_ref()
    }

    /// The key with that number.
    #[must_use]
    pub fn numbered(&self, number: i32) -> Option<&MasterKey> {
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        keys.find(|key| key.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_numbers_give_different_keys() {
        let one = MasterKey::new(1, [7; 32]);
        let two = MasterKey::new(2, [7; 32]);
        assert_ne!(one.derive(Label::Cursor), one.derive(Label::ApiKeyPepper));
        assert_ne!(one.derive(Label::Cursor), two.derive(Label::Cursor));
        assert_eq!(one.derive(Label::Cursor), one.clone().derive(Label::Cursor));
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(
            format!("{:?}", MasterKey::new(3, [7; 32])),
            "MasterKey(number 3)"
        );
    }
}
