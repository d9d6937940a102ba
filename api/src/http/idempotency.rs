//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the name under which a client may send a
//! request again.
//!
//! The draft wants a string of RFC 9651, `"like this"`. A name without quotes is taken as well where it cannot be
//! mistaken for anything else, because that is what most people type: both spellings are the same name.

use actix_web::{
    HttpResponse,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use store::idempotency::KEY_MAX_CHARS;

use crate::error::{Code, Error};

const KEY: &str = "idempotency-key";
/// Says that an answer repeats what was done before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The name of a request; none when it has none.
///
/// # Errors
/// [`Code::IdempotencyKeyInvalid`].
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let mut values = headers.get_all(KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(invalid("Idempotency-Key stands in the request twice"));
    }
    let text = value.to_str().map_err(|_| malformed())?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => quoted(rest),
        None => bare(text),
    };
    let key = key.ok_or_else(malformed)?;
    if key.is_empty() || key.len() > KEY_MAX_CHARS {
        return Err(malformed());
    }
    Ok(Some(key))
}

/// Marks the answer to a repetition, and counts it.
pub(super) fn mark(response: &mut HttpResponse) {
    metrics::counter!("strongroom_idempotent_replays_total").increment(1);
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
}

/// Why a request of this kind takes no name.
pub(super) fn invalid(message: &str) -> Error {
    Error::with_message(Code::IdempotencyKeyInvalid, message).on("Idempotency-Key")
}

fn malformed() -> Error {
    invalid(&format!(
        "Idempotency-Key must be one string of 1 to {KEY_MAX_CHARS} printable ASCII characters in double quotes, \
         without parameters; the quotes may be left out around letters, digits and -._~:/+"
    ))
}

/// What stands behind the opening quote of a string (RFC 9651, section 4.2.5).
fn quoted(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(key),
            '\\' => key.push(
                characters
                    .next()
                    .filter(|next| matches!(next, '"' | '\\'))?,
            ),
            character @ ' '..='~' => key.push(character),
            _ => return None,
        }
    }
}

fn bare(text: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/+".contains(&byte);
    text.bytes().all(is_plain).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, String> {
        let mut request = TestRequest::default();
        for value in values {
            let value = HeaderValue::from_bytes(value).map_err(|error| error.to_string())?;
            request = request.append_header((KEY, value));
        }
        let request = request.to_http_request();
        key(request.headers()).map_err(|error| error.code().as_str().to_owned())
    }

    #[rstest]
    #[case::string(br#""8e03978e-40d5-43dd""#, "8e03978e-40d5-43dd")]
    #[case::bare(b"8e03978e-40d5-43dd", "8e03978e-40d5-43dd")]
    #[case::spaces_around(b"  \"a b\"  ", "a b")]
    #[case::escapes(br#""a\"b\\c""#, r#"a"b\c"#)]
    #[case::comma_in_a_string(br#""a, b; c""#, "a, b; c")]
    fn a_name_is_read(#[case] value: &[u8], #[case] name: &str) {
        assert_eq!(read(&[value]), Ok(Some(name.to_owned())));
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::empty_string(b"\"\"")]
    #[case::open(b"\"a")]
    #[case::more_behind(br#""a" b"#)]
    #[case::two_in_one(br#""a", "b""#)]
    #[case::parameter(br#""a";b=1"#)]
    #[case::bare_with_a_space(b"a b")]
    #[case::bare_list(b"a,b")]
    #[case::bare_quote(b"a\"b")]
    #[case::odd_escape(br#""a\nb""#)]
    #[case::tab(b"\"a\tb\"")]
    #[case::not_ascii("\"\u{e4}\"".as_bytes())]
    fn what_is_no_name_is_refused(#[case] value: &[u8]) {
        assert_eq!(read(&[value]), Err("IDEMPOTENCY_KEY_INVALID".to_owned()));
    }

    #[test]
    fn a_name_has_at_most_255_characters_behind_its_escapes() {
        let long = format!("\"{}\"", r"\\".repeat(255));
        assert_eq!(
            read(&[long.as_bytes()]).map(|name| name.map(|name| name.len())),
            Ok(Some(255))
        );
        for longer in [format!("\"{}\"", "k".repeat(256)), "k".repeat(256)] {
            assert!(read(&[longer.as_bytes()]).is_err());
        }
    }

    #[test]
    fn one_name_is_enough() {
        assert_eq!(read(&[]), Ok(None));
        assert!(read(&[b"\"a\"", b"\"a\""]).is_err());
    }
}
