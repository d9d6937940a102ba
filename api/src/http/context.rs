//! What is kept of a request for the records: its id, the caller's trace, address and client.

use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest, http::header::HeaderMap};
use ipnet::IpNet;
use store::RequestContext;
use uuid::Uuid;

use super::client_addr::client_addr;

const USER_AGENT_CHARS: usize = 256;

/// Makes the context. The id is the server's own, whatever the client sends.
#[must_use]
pub fn context(request: &ServiceRequest, trusted: &[IpNet]) -> RequestContext {
    let headers = request.headers();
    let forwarded = headers
        .get_all("x-forwarded-for")
        .map(|value| value.as_bytes());
    RequestContext {
        id: Uuid::now_v7(),
        trace: trace_id(headers).unwrap_or_default(),
        ip: request
            .peer_addr()
            .map(|peer| client_addr(peer.ip(), forwarded, trusted)),
        user_agent: user_agent(headers),
        claim: None,
    }
}

/// The context that was made for this request.
#[must_use]
pub fn of(request: &HttpRequest) -> RequestContext {
    request
        .extensions()
        .get::<RequestContext>()
        .cloned()
        .unwrap_or_else(RequestContext::internal)
}

/// The trace id of a `traceparent` header (W3C Trace Context, section 3.2), if it is well formed and the
/// only one.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("traceparent");
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let mut parts = value.split('-');
    let version = hex(parts.next()?, 2)?;
    let trace = hex(parts.next()?, 32)?;
    let parent = hex(parts.next()?, 16)?;
    hex(parts.next()?, 2)?;
    let is_good = version != "ff"
        && (version != "00" || parts.next().is_none())
        && !is_zero(trace)
        && !is_zero(parent);
    is_good.then(|| trace.to_owned())
}

fn hex(text: &str, len: usize) -> Option<&str> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == len && text.bytes().all(is_hex)).then_some(text)
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("user-agent")?;
    let text: String = String::from_utf8_lossy(value.as_bytes())
        .chars()
        .filter(|character| !character.is_control())
        .take(USER_AGENT_CHARS)
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::good("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true)]
    #[case::later_version("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true)]
    #[case::more_in_version_0(
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        false
    )]
    #[case::forbidden_version("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false)]
    #[case::upper_case("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false)]
    #[case::zero_trace("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false)]
    #[case::zero_parent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false)]
    #[case::short("00-4bf92f35-00f067aa0ba902b7-01", false)]
    #[case::empty("", false)]
    fn only_a_well_formed_traceparent_is_taken(#[case] value: &str, #[case] taken: bool) {
        let request = TestRequest::default()
            .insert_header(("traceparent", value))
            .to_srv_request();
        let expected = if taken {
            "4bf92f3577b34da6a3ce929d0e0e4736"
        } else {
            ""
        };
        assert_eq!(context(&request, &[]).trace, expected);
    }

    #[test]
    fn the_user_agent_is_short_and_has_no_control_characters() {
        let request = TestRequest::default()
            .insert_header(("user-agent", format!("a\tb{}", "c".repeat(400))))
            .to_srv_request();
        let agent = context(&request, &[]).user_agent.unwrap_or_default();
        assert_eq!(agent.chars().count(), USER_AGENT_CHARS);
        assert!(agent.starts_with("abc"));
    }

    #[test]
    fn the_id_is_never_the_clients() {
        let request = TestRequest::default()
            .insert_header(("x-request-id", Uuid::nil().to_string()))
            .to_srv_request();
        let first = context(&request, &[]).id;
        assert_ne!(first, Uuid::nil());
        assert_ne!(first, context(&request, &[]).id);
    }
}
