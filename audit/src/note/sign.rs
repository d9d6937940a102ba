//! Making signatures.

use super::{
    Algorithm, CosignerKey, LogKey, MAX_BYTE_LEN, MAX_SIGNATURES, Note, NoteError, Signature,
    is_name, key_id, read::check_text,
};

/// The last second a cosignature can name.
pub(super) const MAX_TIME: u64 = u64::MAX >> 1;

impl Note {
    /// A note without signatures. The text ends with a newline and has no other control character.
    pub fn new(text: impl Into<String>) -> Result<Note, NoteError> {
        let text = text.into();
        check_text(&text)?;
        Ok(Note {
            text,
            signatures: Vec::new(),
        })
    }

    /// Adds the signature of a log's key; it takes the place of an earlier one of the same key.
    pub fn sign(&mut self, name: &str, key: &LogKey) -> Result<(), NoteError> {
        self.add(Signature {
            name: name.to_owned(),
            key_id: key_id(name, Algorithm::Ed25519, &key.public()),
            bytes: key.sign(self.text.as_bytes()).to_vec(),
        })
    }

    /// Adds the statement of a cosigner that at `time`, in seconds since 1970, this was the largest head it knew
    /// of the log; it takes the place of an earlier one of the same key.
    pub fn cosign(&mut self, name: &str, key: &CosignerKey, time: u64) -> Result<(), NoteError> {
        if time > MAX_TIME {
            return Err(NoteError::Time);
        }
        let signature = key.sign(cosigned(time, &self.text).as_bytes());
        self.add(Signature {
            name: name.to_owned(),
            key_id: key_id(name, Algorithm::CosignatureV1, &key.public()),
            bytes: [time.to_be_bytes().as_slice(), &signature].concat(),
        })
    }

    fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        if !is_name(&signature.name) {
            return Err(NoteError::Name);
        }
        let same =
            |other: &Signature| (&other.name, other.key_id) == (&signature.name, signature.key_id);
        let mut signatures = self.signatures.clone();
        match signatures.iter().position(same) {
            Some(at) => signatures[at] = signature,
            None => signatures.push(signature),
        }
        self.replace(signatures)
    }

    fn replace(&mut self, signatures: Vec<Signature>) -> Result<(), NoteError> {
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let text = self.text.clone();
        let grown = Note { text, signatures };
        if grown.to_string().len() > MAX_BYTE_LEN {
            return Err(NoteError::TooLong);
        }
        *self = grown;
        Ok(())
    }
}

/// What a cosigner of type 0x04 signs.
pub(super) fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}
