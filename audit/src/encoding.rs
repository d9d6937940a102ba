//! Base64 and decimal numbers with one spelling for each value. A text that is signed, or names a file, must not
//! have a second form that reads the same.

use data_encoding::BASE64;

/// Reads standard base64 with padding; anything the writer would not have written is `None`.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    // The decoder takes several padded texts in a row.
    (BASE64.encode(&bytes) == text).then_some(bytes)
}

/// Reads decimal digits without a sign or leading zero; `None` for anything else and above 2^64 − 1.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    (digits && !leading_zero).then(|| text.parse().ok())?
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

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for other in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1_0",
            "0x1",
            "٣",
            "18446744073709551616",
        ] {
            assert_eq!(decimal(other), None, "{other:?}");
        }
    }
}
