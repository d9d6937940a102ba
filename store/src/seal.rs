//! Sealing of small secrets at rest: XChaCha20-Poly1305 under a sub-key of the master key.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use zeroize::Zeroizing;

use crate::StoreError;

const NONCE_LEN: usize = 24;

/// Seals `plain`; `context` must be the same when it is opened, which ties it to its row.
pub(crate) fn seal(key: &[u8; 32], context: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(StoreError::internal)?;
    let payload = Payload {
        msg: plain,
        aad: context,
    };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| StoreError::internal("sealing failed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] made, or `None` when key, context or bytes are not the ones it was made with.
pub(crate) fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let payload = Payload {
        msg: sealed,
        aad: context,
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_context() -> Result<(), StoreError> {
        let sealed = seal(&[1; 32], b"row", b"seed")?;
        assert_eq!(
            open(&[1; 32], b"row", &sealed).as_deref(),
            Some(&b"seed".to_vec())
        );
        assert!(open(&[2; 32], b"row", &sealed).is_none());
        assert!(open(&[1; 32], b"other", &sealed).is_none());
        assert!(open(&[1; 32], b"row", sealed.get(..9).unwrap_or_default()).is_none());
        Ok(())
    }
}
