//! The `Content-Digest` header (RFC 9530, section 2): a dictionary of byte sequences (RFC 8941).

use actix_web::http::header::HeaderValue;
use data_encoding::BASE64;

use crate::error::{Code, Error};

/// The SHA-256 the client promises. Other algorithms are ignored, a malformed header is not.
///
/// # Errors
/// [`Code::BadRequest`].
pub(super) fn sha256<'a>(
    values: impl Iterator<Item = &'a HeaderValue>,
) -> Result<Option<[u8; 32]>, Error> {
    let mut promised = None;
    for value in values {
        let value = value.to_str().map_err(|_| malformed())?;
        // No comma stands in base64, so none stands inside a member.
        for member in value.split(',') {
            let (name, hash) = member_of(member.trim_matches([' ', '\t'])).ok_or_else(malformed)?;
            if name == "sha-256" {
                // The last of several members of one name counts (RFC 8941, section 3.2).
                promised = Some(hash.try_into().map_err(|_| malformed())?);
            }
        }
    }
    Ok(promised)
}

fn member_of(member: &str) -> Option<(&str, Vec<u8>)> {
    let (name, value) = member.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '*')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b));
    let (hash, parameters) = value.strip_prefix(':')?.split_once(':')?;
    let hash = BASE64.decode(hash.as_bytes()).ok()?;
    let is_whole = parameters.is_empty() || parameters.starts_with(';');
    (is_name && is_whole).then_some((name, hash))
}

fn malformed() -> Error {
    Error::with_message(
        Code::BadRequest,
        "Content-Digest is not well formed; it looks like sha-256=:<base64 of 32 bytes>:",
    )
    .on("Content-Digest")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn read(values: &[&str]) -> Result<Option<[u8; 32]>, Code> {
        let values: Vec<HeaderValue> = values
            .iter()
            .map(|value| HeaderValue::from_str(value).unwrap())
            .collect();
        sha256(values.iter()).map_err(|error| error.code())
    }

    #[test]
    fn sha_256_is_found_among_other_algorithms_and_lines() {
        let hash: [u8; 32] = BASE64.decode(HASH.as_bytes()).unwrap().try_into().unwrap();
        let member = format!("sha-256=:{HASH}:");
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[&member]), Ok(Some(hash)));
        assert_eq!(
            read(&[&format!("sha-512=:YWJj:, {member};x=1")]),
            Ok(Some(hash))
        );
        assert_eq!(read(&["md5=:YWJj:", &member]), Ok(Some(hash)));
        assert_eq!(read(&["sha-512=:YWJj:"]), Ok(None));
    }

    #[test]
    fn a_malformed_header_is_refused() {
        let short = "sha-256=:YWJj:";
        let hex = "sha-256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for value in [
            "",
            "sha-256",
            short,
            hex,
            "sha-256=:not base64:",
            "SHA-256=:YWJj:",
            "a=:YWJj:x",
        ] {
            assert_eq!(read(&[value]), Err(Code::BadRequest), "{value}");
        }
    }
}
