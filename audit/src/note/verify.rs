//! Believing signatures.

use ed25519_dalek::Signature as Ed25519;

use super::sign::{MAX_TIME, cosigned};
use super::{Algorithm, Note, NoteError, Signature, VerifierKey};

/// A known key whose signature on a note holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// When it signed, in seconds since 1970; of a cosigner only. Of several times the last.
    pub time: Option<u64>,
}

impl Note {
    /// Who of the known keys has signed, one or more, in the order of `keys`.
    ///
    /// A signature is a key's when name and id agree; all others are ignored. One that does not hold is an error,
    /// whatever else holds.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<Signer<'k>>, NoteError> {
        let mut signers = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            match keys[..at].iter().find(|earlier| collide(earlier, key)) {
                Some(earlier) if earlier == key => {}
                Some(_) => {
                    return Err(NoteError::Ambiguous {
                        name: key.name().to_owned(),
                    });
                }
                None => signers.extend(self.signer(key)?),
            }
        }
        if signers.is_empty() {
            return Err(NoteError::Unsigned);
        }
        Ok(signers)
    }

    fn signer<'k>(&self, key: &'k VerifierKey) -> Result<Option<Signer<'k>>, NoteError> {
        let mut signer: Option<Signer<'k>> = None;
        for signature in self.signatures.iter().filter(|other| is_of(other, key)) {
            let time = check(signature, key, &self.text).ok_or_else(|| NoteError::Forged {
                name: key.name().to_owned(),
            })?;
            let time = time.max(signer.and_then(|earlier| earlier.time));
            signer = Some(Signer { key, time });
        }
        Ok(signer)
    }
}

fn collide(one: &VerifierKey, other: &VerifierKey) -> bool {
    (one.name(), one.id()) == (other.name(), other.id())
}

fn is_of(signature: &Signature, key: &VerifierKey) -> bool {
    (signature.name.as_str(), signature.key_id) == (key.name(), key.id())
}

/// The time, if the algorithm has one, of a signature that holds.
fn check(signature: &Signature, key: &VerifierKey, text: &str) -> Option<Option<u64>> {
    match key.algorithm() {
        Algorithm::Ed25519 => {
            holds(key, text, &signature.bytes)?;
            Some(None)
        }
        Algorithm::CosignatureV1 => {
            let (time, signature) = signature.bytes.split_first_chunk::<8>()?;
            let time = u64::from_be_bytes(*time);
            holds(key, &cosigned(time, text), signature)?;
            (time <= MAX_TIME).then_some(Some(time))
        }
    }
}

fn holds(key: &VerifierKey, message: &str, signature: &[u8]) -> Option<()> {
    let signature = Ed25519::from_slice(signature).ok()?;
    // Strict: one signature has one encoding, and points of small order do not verify.
    key.verifying()
        .verify_strict(message.as_bytes(), &signature)
        .ok()
}
