//! Credentials stay out of addresses: those end up in histories, logs and referrers.

use percent_encoding::percent_decode_str;

use crate::error::{Code, Error};

/// The prefixes of our tokens and how many more characters make one look real.
const TOKENS: [(&str, usize); 4] = [("sr_live_", 12), ("srs_", 20), ("sro_", 20), ("sri_", 20)];

/// Refuses a query string with anything that looks like one of our tokens, or with an `access_token`.
///
/// # Errors
/// [`Code::TokenInUrl`].
pub fn hold_no_token(query: &str) -> Result<(), Error> {
    if query.is_empty() {
        return Ok(());
    }
    let decoded = percent_decode_str(query).decode_utf8_lossy();
    let named = decoded
        .split('&')
        .any(|pair| pair == "access_token" || pair.starts_with("access_token="));
    if named
        || TOKENS
            .iter()
            .any(|(prefix, more)| looks_like(&decoded, prefix, *more))
    {
        return Err(Error::new(Code::TokenInUrl));
    }
    Ok(())
}

fn looks_like(text: &str, prefix: &str, more: usize) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text.match_indices(prefix).any(|(at, _)| {
        let rest = text.as_bytes().get(at + prefix.len()..).unwrap_or_default();
        rest.iter().take_while(|byte| is_part(**byte)).count() >= more
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", true)]
    #[case("full=true", true)]
    #[case("after=srs_2&name=sr_live_", true)]
    #[case("q=access_token", true)]
    #[case("key=sr_live_0123456789ab", false)]
    #[case("key=%73r_live_0123456789ab", false)]
    #[case("a=1&srs_0123456789abcdefghij", false)]
    #[case("t=sro_0123456789abcdefghij", false)]
    #[case("access_token=x", false)]
    #[case("a=1&access_token=", false)]
    fn a_query_string_holds_no_token(#[case] query: &str, #[case] taken: bool) {
        assert_eq!(hold_no_token(query).is_ok(), taken);
    }
}
