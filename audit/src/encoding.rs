//! Base64 with one spelling for each value. A text that is signed, or names a file, must not
//! have a second form that reads the same.

use data_encoding::BASE64;

/// Reads standard base64 with padding; anything the writer would not have written is `None`.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    // The decoder takes several padded texts in a row.
    (BASE64.encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(base64("MA=="), Some(b"0".to_vec()));
        assert_eq!(base64(""), Some(Vec::new()));
        for other in [
            "MA", "MB==", "MA==MA==", "MA==\n", " MA==", "MA-_", "M", "====",
        ] {
            assert_eq!(base64(other), None, "{other:?}");
        }
    }
}
