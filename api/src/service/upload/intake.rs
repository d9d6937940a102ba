//! Bytes on their way in: counted, hashed and judged without being kept.

use data_encoding::HEXLOWER;
use media::{Accepted, Dangerous, Filename, Refusal, SNIFF_LEN, check_claim, judge, sniff};
use policy::{DangerousKinds, ObjectType};
use sha2::{Digest, Sha256};
use store::upload::Settled;

use crate::error::{Code, Error};

/// What the bytes have to be.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// Where they go.
    pub(crate) object_type: ObjectType,
    /// What they are called.
    pub(crate) filename: Filename,
    /// What the client says they are.
    pub(crate) media_type: Option<String>,
    /// How many the client says there are.
    pub(crate) byte_len: Option<u64>,
    /// What the client says they hash to.
    pub(crate) sha256: Option<[u8; 32]>,
}

/// Takes bytes in order; keeps the first 8 KiB until they are judged.
#[derive(Debug)]
pub(crate) struct Intake {
    expected: Expected,
    hasher: Sha256,
    head: Vec<u8>,
    byte_len: u64,
    accepted: Option<Accepted>,
}

impl Expected {
    /// Refuses what name and declaration rule out, whatever the bytes.
    ///
    /// # Errors
    /// [`Code::MediaTypeRefused`] and [`Code::FileTooLarge`], on the field that is wrong.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_claim(
            self.media_type.as_deref(),
            &self.filename,
            &self.object_type.accepts,
            self.dangerous(),
        )
        .map_err(|refusal| refused(&refusal))?;
        let declared = self.media_type.as_deref().unwrap_or_default();
        let most = self.object_type.max_bytes_for(declared);
        require_small(self.byte_len.unwrap_or(0), most)
    }

    /// Judges a file that begins with `head`.
    ///
    /// # Errors
    /// [`Code::MediaTypeRefused`], [`Code::FileTooLarge`].
    pub(crate) fn judge(&self, head: &[u8], byte_len: u64) -> Result<Accepted, Error> {
        let accepted = judge(
            &sniff(head, byte_len),
            self.media_type.as_deref(),
            &self.filename,
            &self.object_type.accepts,
            self.dangerous(),
        )
        .map_err(|refusal| refused(&refusal))?;
        let most = self.object_type.max_bytes_for(&accepted.media_type);
        require_small(self.byte_len.unwrap_or(0), most)?;
        Ok(accepted)
    }

    fn dangerous(&self) -> Dangerous {
        match self.object_type.dangerous {
            DangerousKinds::Refuse => Dangerous::Refuse,
            DangerousKinds::Attachment => Dangerous::Attachment,
        }
    }
}

impl Intake {
    pub(crate) fn new(expected: Expected) -> Self {
        Self {
            expected,
            hasher: Sha256::new(),
            head: Vec::new(),
            byte_len: 0,
            accepted: None,
        }
    }

    /// How many came so far.
    pub(crate) fn byte_len(&self) -> u64 {
        self.byte_len
    }

    /// The verdict, once there is one.
    pub(crate) fn accepted(&self) -> Option<&Accepted> {
        self.accepted.as_ref()
    }

    /// The next bytes.
    ///
    /// # Errors
    /// As soon as anything is certain: [`Code::LengthMismatch`], [`Code::FileTooLarge`],
    /// [`Code::MediaTypeRefused`].
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.byte_len += bytes.len() as u64;
        self.hold_length()?;
        self.hasher.update(bytes);
        if self.accepted.is_none() {
            let room = SNIFF_LEN - self.head.len();
            self.head.extend(bytes.iter().take(room));
            if self.head.len() == SNIFF_LEN {
                // More than the head at least: where the end is not known, the head is not the whole.
                let byte_len = self.expected.byte_len.unwrap_or(SNIFF_LEN as u64 + 1);
                self.judge(byte_len.max(self.byte_len))?;
            }
        }
        Ok(())
    }

    /// There are no more bytes.
    ///
    /// # Errors
    /// As [`Self::take`], and [`Code::ChecksumMismatch`].
    pub(crate) fn end(&mut self) -> Result<Settled, Error> {
        if let Some(declared) = self.expected.byte_len
            && declared != self.byte_len
        {
            return Err(mismatch(self.byte_len, declared));
        }
        if self.accepted.is_none() {
            self.judge(self.byte_len)?;
        }
        let sha256: [u8; 32] = self.hasher.finalize_reset().into();
        if let Some(declared) = self.expected.sha256
            && declared != sha256
        {
            return Err(other_checksum(&declared, &sha256));
        }
        let media_type = self
            .accepted
            .as_ref()
            .map(|accepted| accepted.media_type.clone());
        Ok(Settled {
            byte_len: i64::try_from(self.byte_len).map_err(Error::internal)?,
            sha256,
            media_type: media_type.unwrap_or_default(),
        })
    }

    fn judge(&mut self, byte_len: u64) -> Result<(), Error> {
        let head = std::mem::take(&mut self.head);
        self.accepted = Some(self.expected.judge(&head, byte_len)?);
        self.hold_length()
    }

    fn hold_length(&self) -> Result<(), Error> {
        if let Some(declared) = self.expected.byte_len
            && self.byte_len > declared
        {
            return Err(mismatch(self.byte_len, declared));
        }
        let object_type = &self.expected.object_type;
        let most = match &self.accepted {
            Some(accepted) => object_type.max_bytes_for(&accepted.media_type),
            None => object_type.max_bytes,
        };
        require_small(self.byte_len, most)
    }
}

fn require_small(byte_len: u64, most: u64) -> Result<(), Error> {
    if byte_len <= most {
        return Ok(());
    }
    let message = format!("the file is larger than the {most} bytes its type allows");
    Err(Error::with_message(Code::FileTooLarge, message).on("byteLen"))
}

fn mismatch(received: u64, declared: u64) -> Error {
    let how = if received > declared { "more" } else { "fewer" };
    Error::with_message(
        Code::LengthMismatch,
        format!("{how} bytes came than the {declared} that were declared"),
    )
}

fn other_checksum(declared: &[u8; 32], received: &[u8; 32]) -> Error {
    let (declared, received) = (HEXLOWER.encode(declared), HEXLOWER.encode(received));
    let message =
        format!("the declared SHA-256 is {declared}, that of the bytes received is {received}");
    Error::with_message(Code::ChecksumMismatch, message).on("sha256")
}

fn refused(refusal: &Refusal) -> Error {
    let error = Error::with_message(Code::MediaTypeRefused, refusal.to_string());
    match refusal.field() {
        Some(field) => error.on(field),
        None => error,
    }
}

#[cfg(test)]
mod tests;
