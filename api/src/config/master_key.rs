//! The one secret.

use data_encoding::BASE64;
use secrecy::SecretBox;
use secrecy::zeroize::{Zeroize, Zeroizing};

use super::reader::Reader;

/// The secret that sub-keys are derived from and signing keys are sealed under.
#[derive(Debug)]
pub struct MasterKey {
    /// `STRONGROOM_MASTER_KEY_NUMBER`, 1 to 32767; default 1.
    pub number: i16,
    /// `STRONGROOM_MASTER_KEY`, base64 of 32 bytes; `None` means: made beside the embedded database.
    pub bytes: Option<SecretBox<[u8; 32]>>,
    /// `STRONGROOM_MASTER_KEY_PREVIOUS`, base64 of 32 bytes; its number is one less than `number`.
    pub previous: Option<SecretBox<[u8; 32]>>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<MasterKey> {
    let bytes = reader.read("STRONGROOM_MASTER_KEY", decode);
    let previous = reader.read("STRONGROOM_MASTER_KEY_PREVIOUS", decode);
    let number = reader.number("STRONGROOM_MASTER_KEY_NUMBER")?;
    if previous.is_some() && number == 1 {
        reader.problem(
            "STRONGROOM_MASTER_KEY_PREVIOUS needs a STRONGROOM_MASTER_KEY_NUMBER above 1: that of the \
             previous key and one.",
        );
    }
    Some(MasterKey {
        number,
        bytes,
        previous,
    })
}

fn decode(text: &str) -> Result<SecretBox<[u8; 32]>, String> {
    let expected = || "the base64 of exactly 32 bytes".to_owned();
    let decoded = Zeroizing::new(
        BASE64
            .decode(text.trim().as_bytes())
            .map_err(|_| expected())?,
    );
    let mut bytes: [u8; 32] = decoded.as_slice().try_into().map_err(|_| expected())?;
    let key = SecretBox::new(Box::new(bytes));
    bytes.zeroize();
    Ok(key)
}
