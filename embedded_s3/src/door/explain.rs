//! Sentences for errors that the protocol layer tells by code alone.

use hyper::Response;
use hyper::header::CONTENT_LENGTH;
use s3s::Body;

/// What to say of a code; each names the remedy.
const SENTENCES: [(&str, &str); 4] = [
    (
        "SignatureDoesNotMatch",
        "The signature is not that of this request: send the signed method, address and headers as they are, \
         and check the secret key.",
    ),
    (
        "InvalidAccessKeyId",
        "There is no such access key here: check the access key.",
    ),
    (
        "RequestTimeTooSkewed",
        "The time of the request is too far from the server's: set the clock.",
    ),
    ("AccessDenied", "The request may not do that."),
];

/// Adds a `Message` to an error that has none.
pub(super) fn explain(mut response: Response<Body>) -> Response<Body> {
    if response.status().is_success() {
        return response;
    }
    if let Some(explained) = response.body().bytes().and_then(|body| with_message(&body)) {
        // Whoever writes the answer counts its bytes anew.
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = explained.into();
    }
    response
}

fn with_message(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    if text.contains("<Message>") {
        return None;
    }
    SENTENCES.iter().find_map(|(code, sentence)| {
        let (before, after) = text.split_once(&format!("<Code>{code}</Code>"))?;
        Some(format!(
            "{before}<Code>{code}</Code><Message>{sentence}</Message>{after}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_added_where_there_is_none() {
        let told = with_message(b"<Error><Code>SignatureDoesNotMatch</Code></Error>").unwrap();
        let beginning = "<Error><Code>SignatureDoesNotMatch</Code><Message>The signature is not";
        assert!(told.starts_with(beginning), "{told}");
        assert!(told.ends_with("</Message></Error>"), "{told}");
        let has_one = b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>";
        assert_eq!(with_message(has_one), None);
        assert_eq!(with_message(b"<Error><Code>NoSuchKey</Code></Error>"), None);
    }
}
