//! What a request shows, before anybody looks whether it is good.

use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use secrecy::SecretString;

use super::Door;

/// The longest token of any kind is 70 bytes; nothing longer is looked at.
const MOST_BYTES: usize = 256;

/// Where a token was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The `Authorization` header.
    Header,
    /// The session cookie, which a browser sends by itself.
    Cookie,
}

/// What a request shows.
#[derive(Debug)]
pub enum Credential {
    /// Nothing.
    None,
    /// Something that is no bearer token: another scheme, two headers, odd characters, too long.
    Malformed,
    /// A token, and where it was.
    Token(SecretString, Carrier),
}

impl Credential {
    /// Reads the `Authorization` header, or, at the tenants' door and only without that header, the
    /// cookie.
    #[must_use]
    pub fn of(request: &HttpRequest, door: Door, cookie_name: &str) -> Self {
        let mut headers = request.headers().get_all(AUTHORIZATION);
        if let Some(header) = headers.next() {
            return match (headers.next(), bearer(header.as_bytes())) {
                (None, Some(token)) => Self::Token(token.into(), Carrier::Header),
                _ => Self::Malformed,
            };
        }
        match request.cookie(cookie_name) {
            Some(cookie) if door == Door::Tenant => match token(cookie.value().as_bytes()) {
                Some(token) => Self::Token(token.into(), Carrier::Cookie),
                None => Self::Malformed,
            },
            _ => Self::None,
        }
    }

    /// Where it was; a malformed one counts as from the header.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        match self {
            Self::Token(_, carrier) => *carrier,
            Self::None | Self::Malformed => Carrier::Header,
        }
    }
}

/// The token of `Bearer <token>` (RFC 6750, section 2.1); the scheme in any case, one space.
fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, rest) = value.split_at_checked(7)?;
    if scheme.eq_ignore_ascii_case(b"bearer ") {
        token(rest)
    } else {
        None
    }
}

fn token(bytes: &[u8]) -> Option<&str> {
    let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if bytes.is_empty() || bytes.len() > MOST_BYTES || !bytes.iter().all(is_good) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;
    use secrecy::ExposeSecret;

    use super::*;

    fn shown(headers: &[(&'static str, &str)], door: Door) -> String {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.append_header(*header);
        }
        match Credential::of(&request.to_http_request(), door, "sid") {
            Credential::None => "none".to_owned(),
            Credential::Malformed => "malformed".to_owned(),
            Credential::Token(token, carrier) => format!("{carrier:?} {}", token.expose_secret()),
        }
    }

    #[rstest]
    #[case::nothing(&[], "none")]
    #[case::bearer(&[("Authorization", "Bearer srs_a-b")], "Header srs_a-b")]
    #[case::any_case(&[("Authorization", "bEARER srs_a")], "Header srs_a")]
    #[case::cookie(&[("Cookie", "x=1; sid=srs_a")], "Cookie srs_a")]
    #[case::header_wins(&[("Cookie", "sid=srs_a"), ("Authorization", "Bearer srs_b")], "Header srs_b")]
    #[case::bad_header_wins(&[("Cookie", "sid=srs_a"), ("Authorization", "Basic eDp5")], "malformed")]
    #[case::empty(&[("Authorization", "")], "malformed")]
    #[case::no_token(&[("Authorization", "Bearer ")], "malformed")]
    #[case::no_scheme(&[("Authorization", "srs_a")], "malformed")]
    #[case::two_spaces(&[("Authorization", "Bearer  srs_a")], "malformed")]
    #[case::two_tokens(&[("Authorization", "Bearer srs_a, Bearer srs_b")], "malformed")]
    #[case::two_headers(&[("Authorization", "Bearer srs_a"), ("Authorization", "Bearer srs_b")], "malformed")]
    #[case::other_cookie(&[("Cookie", "sid2=srs_a")], "none")]
    fn one_credential_is_taken(#[case] headers: &[(&'static str, &str)], #[case] expected: &str) {
        assert_eq!(shown(headers, Door::Tenant), expected);
    }

    #[test]
    fn a_long_token_is_not_looked_at() {
        let long = format!("Bearer srs_{}", "a".repeat(10_000));
        assert_eq!(
            shown(&[("Authorization", &long)], Door::Tenant),
            "malformed"
        );
    }

    #[test]
    fn cookies_are_nothing_to_operators() {
        assert_eq!(shown(&[("Cookie", "sid=srs_a")], Door::Operator), "none");
    }
}
