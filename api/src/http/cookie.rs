//! The session cookie.
//!
//! Its name is `__Host-sid`, which browsers take only with `Secure`, `Path=/` and no `Domain`. Where
//! `STRONGROOM_PUBLIC_URL` is plain http, which production refuses, a browser would drop such a cookie:
//! there it is called `sid` and is not `Secure`.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use secrecy::ExposeSecret;

use crate::{config::Server, request::CookieChange};

/// A session ends after this long at the latest.
const MAX_AGE: Duration = Duration::hours(12);

/// What the cookie is called here.
#[must_use]
pub(super) fn name(server: &Server) -> &'static str {
    if server.public_url.is_https() {
        "__Host-sid"
    } else {
        "sid"
    }
}

/// The cookie that makes the change.
#[must_use]
pub(super) fn cookie(server: &Server, change: &CookieChange) -> Cookie<'static> {
    let (value, max_age) = match change {
        CookieChange::Set(token) => (token.expose_secret().to_owned(), MAX_AGE),
        CookieChange::Clear => (String::new(), Duration::ZERO),
    };
    Cookie::build(name(server), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(server.public_url.is_https())
        .max_age(max_age)
        .finish()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::http::testing::config;

    #[rstest]
    #[case(
        "https://files.example.com",
        "__Host-sid=srs_x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=43200"
    )]
    #[case(
        "http://127.0.0.1:8080",
        "sid=srs_x; HttpOnly; SameSite=Lax; Path=/; Max-Age=43200"
    )]
    fn the_cookie_is_secure_where_the_address_is(#[case] url: &str, #[case] expected: &str) {
        let server = config(&[("STRONGROOM_PUBLIC_URL", url)]).server;
        let change = CookieChange::Set("srs_x".into());
        assert_eq!(cookie(&server, &change).to_string(), expected);
    }

    #[test]
    fn clearing_ends_it_at_once() {
        let server = config(&[]).server;
        assert!(
            cookie(&server, &CookieChange::Clear)
                .to_string()
                .contains("Max-Age=0")
        );
    }
}
