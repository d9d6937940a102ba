//! Requests with a cookie: only from our own pages.
//!
//! A browser sends the cookie whoever made the request. So such a request must show that a script of our
//! own origin made it: a header no form can set, and the browser's word on where it comes from.

use actix_web::http::header::HeaderMap;

use crate::{
    config::Origin,
    error::{Code, Error},
};

const PREFLIGHT: [&str; 2] = ["graphql-require-preflight", "apollo-require-preflight"];

/// Whether a request with a cookie may be believed.
///
/// # Errors
/// [`Code::Csrf`].
pub(super) fn check(headers: &HeaderMap, own: &Origin) -> Result<(), Error> {
    let preflighted = PREFLIGHT
        .iter()
        .any(|name| headers.get(*name).is_some_and(|value| !value.is_empty()));
    if preflighted && is_own(headers, own) {
        Ok(())
    } else {
        Err(Error::new(Code::Csrf))
    }
}

fn is_own(headers: &HeaderMap, own: &Origin) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        None => headers
            .get("origin")
            .is_some_and(|origin| origin.as_bytes() == own.as_str().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::same_origin(&[("graphql-require-preflight", "1"), ("sec-fetch-site", "same-origin")], true)]
    #[case::typed_address(&[("apollo-require-preflight", "1"), ("sec-fetch-site", "none")], true)]
    #[case::old_browser(&[("graphql-require-preflight", "1"), ("origin", "https://own.example")], true)]
    #[case::cross_site(&[("graphql-require-preflight", "1"), ("sec-fetch-site", "cross-site")], false)]
    #[case::sister_site(&[("graphql-require-preflight", "1"), ("sec-fetch-site", "same-site")], false)]
    #[case::origin_cannot_overrule(
        &[("graphql-require-preflight", "1"), ("sec-fetch-site", "cross-site"), ("origin", "https://own.example")],
        false
    )]
    #[case::other_origin(&[("graphql-require-preflight", "1"), ("origin", "https://evil.example")], false)]
    #[case::longer_origin(&[("graphql-require-preflight", "1"), ("origin", "https://own.example.evil.example")], false)]
    #[case::nothing_known(&[("graphql-require-preflight", "1")], false)]
    #[case::no_preflight(&[("sec-fetch-site", "same-origin")], false)]
    #[case::empty_preflight(&[("graphql-require-preflight", ""), ("sec-fetch-site", "same-origin")], false)]
    fn a_cookie_is_believed_from_our_own_pages_only(
        #[case] headers: &[(&'static str, &str)],
        #[case] believed: bool,
    ) {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.insert_header(*header);
        }
        let own = Origin::parse("https://own.example");
        let checked = own.map(|own| check(request.to_http_request().headers(), &own).is_ok());
        assert_eq!(checked, Some(believed));
    }
}
