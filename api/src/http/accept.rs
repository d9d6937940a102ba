//! Media types of GraphQL over HTTP: what comes in, what goes out.

use std::cmp::Ordering;

/// The media type of a GraphQL response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Statuses tell parse and validation failures apart from success.
    GraphqlResponseJson,
    /// Parse and validation failures are 200, for clients that know nothing else.
    ApplicationJson,
}

impl Reply {
    /// The value of `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponseJson => "application/graphql-response+json; charset=utf-8",
            Self::ApplicationJson => "application/json; charset=utf-8",
        }
    }
}

/// A request whose media types cannot be served. `Display` is the public sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// `Accept` takes neither kind of reply.
    #[error("The response is application/graphql-response+json or application/json in UTF-8.")]
    NotAcceptable,
    /// The body is not declared as JSON in UTF-8.
    #[error("The request body must be application/json in UTF-8, without Content-Encoding.")]
    UnsupportedMediaType,
}

impl Mismatch {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotAcceptable => 406,
            Self::UnsupportedMediaType => 415,
        }
    }
}

/// Chooses the reply for the values of the `Accept` headers (RFC 9110, section 12.5.1).
///
/// No header, an empty one and pure wildcards mean `application/json`; between two types named with the same
/// weight the GraphQL one wins. A range that cannot be read is passed over.
///
/// # Errors
/// [`Mismatch::NotAcceptable`] when neither type is left.
pub fn negotiate<'a>(accept: impl IntoIterator<Item = &'a str>) -> Result<Reply, Mismatch> {
    let values: Vec<&str> = accept.into_iter().collect();
    if values.iter().all(|value| value.trim().is_empty()) {
        return Ok(Reply::ApplicationJson);
    }
    let ranges: Vec<MediaRange> = values
        .iter()
        .flat_map(|value| split_outside_quotes(value, ','))
        .filter_map(MediaRange::parse)
        .collect();
    let graphql = preference(&ranges, "graphql-response+json");
    let json = preference(&ranges, "json");
    match (graphql, json) {
        (None, None) => Err(Mismatch::NotAcceptable),
        (Some(_), None) => Ok(Reply::GraphqlResponseJson),
        (None, Some(_)) => Ok(Reply::ApplicationJson),
        (Some(graphql), Some(json)) => Ok(prefer(graphql, json)),
    }
}

/// Whether a body of this `Content-Type` and `Content-Encoding` may be read as JSON.
///
/// # Errors
/// [`Mismatch::UnsupportedMediaType`], also when there is no `Content-Type`: a form must not pass for JSON.
pub fn check_request(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
) -> Result<(), Mismatch> {
    let mut parts = split_outside_quotes(content_type.unwrap_or_default(), ';');
    let is_json = parts
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
    let is_plain =
        content_encoding.is_none_or(|coding| coding.trim().eq_ignore_ascii_case("identity"));
    if is_json && is_plain && parts.all(is_utf8_or_no_charset) {
        Ok(())
    } else {
        Err(Mismatch::UnsupportedMediaType)
    }
}

struct MediaRange {
    subtype: Subtype,
    /// Weight in thousandths.
    weight: u16,
}

/// How closely a range names a type; later is closer.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Subtype {
    AnyType,
    AnyApplication,
    Application(String),
}

impl MediaRange {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = split_outside_quotes(text, ';');
        let essence = parts.next()?.trim().to_ascii_lowercase();
        let subtype = match essence.split_once('/')? {
            ("*", "*") => Subtype::AnyType,
            ("application", "*") => Subtype::AnyApplication,
            ("application", name) => Subtype::Application(name.to_owned()),
            _ => return None,
        };
        let mut weight = 1_000;
        for parameter in parts {
            match parameter.trim().split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("q") => {
                    weight = parse_weight(value)?;
                }
                _ if is_utf8_or_no_charset(parameter) => {}
                _ => return None,
            }
        }
        Some(Self { subtype, weight })
    }

    fn matches(&self, name: &str) -> bool {
        match &self.subtype {
            Subtype::Application(own) => own == name,
            _ => true,
        }
    }
}

/// The weight of `application/<name>`, which the closest range decides, and whether it was named.
fn preference(ranges: &[MediaRange], name: &str) -> Option<(u16, bool)> {
    ranges
        .iter()
        .filter(|range| range.matches(name))
        .max_by(|a, b| {
            a.subtype
                .cmp(&b.subtype)
                .then_with(|| a.weight.cmp(&b.weight))
        })
        .filter(|range| range.weight > 0)
        .map(|range| {
            (
                range.weight,
                matches!(range.subtype, Subtype::Application(_)),
            )
        })
}

fn prefer(graphql: (u16, bool), json: (u16, bool)) -> Reply {
    match graphql.cmp(&json) {
        Ordering::Greater => Reply::GraphqlResponseJson,
        Ordering::Equal if graphql.1 => Reply::GraphqlResponseJson,
        _ => Reply::ApplicationJson,
    }
}

/// `0`, `1`, `0.5` with up to three decimals.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_good = matches!(whole, "0" | "1")
        && decimals.len() <= 3
        && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let weight = format!("{whole}{decimals:0<3}").parse().ok()?;
    (is_good && weight <= 1_000).then_some(weight)
}

fn is_utf8_or_no_charset(parameter: &str) -> bool {
    match parameter.trim().split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    }
}

fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        if character == '"' {
            quoted = !quoted;
        }
        character == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GRAPHQL: Result<Reply, Mismatch> = Ok(Reply::GraphqlResponseJson);
    const JSON: Result<Reply, Mismatch> = Ok(Reply::ApplicationJson);
    const NEITHER: Result<Reply, Mismatch> = Err(Mismatch::NotAcceptable);

    #[rstest]
    #[case::none(&[], JSON)]
    #[case::empty(&[""], JSON)]
    #[case::graphql(&["application/graphql-response+json"], GRAPHQL)]
    #[case::json(&["application/json"], JSON)]
    #[case::anything(&["*/*"], JSON)]
    #[case::any_application(&["application/*"], JSON)]
    #[case::both(&["application/json, application/graphql-response+json"], GRAPHQL)]
    #[case::usual_client(
        &["application/graphql-response+json, application/json;q=0.9"], GRAPHQL)]
    #[case::json_preferred(
        &["application/graphql-response+json;q=0.5, application/json"], JSON)]
    #[case::named_beats_wildcard(&["*/*, application/graphql-response+json"], GRAPHQL)]
    #[case::json_beats_wildcard(&["application/json, */*"], JSON)]
    #[case::wildcard_weighs_more(&["application/json;q=0.2, */*"], GRAPHQL)]
    #[case::two_headers(&["text/html", "application/graphql-response+json"], GRAPHQL)]
    #[case::browser(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], JSON)]
    #[case::forbidden_json(&["*/*, application/json;q=0"], GRAPHQL)]
    #[case::forbidden(&["*/*;q=0"], NEITHER)]
    #[case::html(&["text/html"], NEITHER)]
    #[case::events(&["text/event-stream"], NEITHER)]
    #[case::junk(&["nonsense"], NEITHER)]
    #[case::case_does_not_matter(&["Application/GraphQL-Response+JSON; Q=1.0"], GRAPHQL)]
    #[case::charset(&["application/json; charset=UTF-8"], JSON)]
    #[case::quoted_charset(&["application/json; charset=\"utf-8\""], JSON)]
    #[case::other_charset(&["application/json; charset=utf-16"], NEITHER)]
    #[case::quoted_comma(&["text/x;a=\",application/json\""], NEITHER)]
    #[case::bad_weight(&["application/json;q=7"], NEITHER)]
    #[case::long_weight(&["application/json;q=0.1234"], NEITHER)]
    #[case::minute_weight(&["application/json;q=0.001"], JSON)]
    fn the_reply_follows_accept(
        #[case] accept: &[&str],
        #[case] expected: Result<Reply, Mismatch>,
    ) {
        assert_eq!(negotiate(accept.iter().copied()), expected);
    }

    #[rstest]
    #[case::plain(Some("application/json"), None, true)]
    #[case::charset(Some("application/json; charset=utf-8"), None, true)]
    #[case::upper_case(Some("Application/JSON;Charset=\"UTF-8\""), None, true)]
    #[case::identity(Some("application/json"), Some("identity"), true)]
    #[case::missing(None, None, false)]
    #[case::empty(Some(""), None, false)]
    #[case::form(Some("application/x-www-form-urlencoded"), None, false)]
    #[case::multipart(Some("multipart/form-data; boundary=x"), None, false)]
    #[case::text(Some("text/plain"), None, false)]
    #[case::graphql(Some("application/graphql"), None, false)]
    #[case::two(Some("text/plain, application/json"), None, false)]
    #[case::smuggled(Some("text/plain; application/json"), None, false)]
    #[case::latin(Some("application/json; charset=iso-8859-1"), None, false)]
    #[case::two_charsets(Some("application/json; charset=utf-8; charset=utf-7"), None, false)]
    #[case::gzip(Some("application/json"), Some("gzip"), false)]
    fn only_json_in_utf8_comes_in(
        #[case] content_type: Option<&str>,
        #[case] content_encoding: Option<&str>,
        #[case] accepted: bool,
    ) {
        let result = check_request(content_type, content_encoding);
        assert_eq!(result.is_ok(), accepted);
        assert!(result.err().is_none_or(|mismatch| mismatch.status() == 415));
    }
}
