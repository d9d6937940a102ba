//! Requests that are wrong before anybody reads their document.

use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::json;
use tests::{Answer, App, Stack, raw};

use super::{Expected, at_once, lives};

const JSON: &str = "application/json";
const HARMLESS: &str = "{\"query\":\"{ __typename }\"}";

/// A body of `len` bytes that begins well.
fn long(len: usize) -> String {
    format!(
        "{{\"query\":\"{{ __typename }}\",\"more\":\"{}\"}}",
        "x".repeat(len)
    )
}

/// Variables of so many lists in each other, whole or cut off.
fn deep_variables(levels: usize, whole: bool) -> String {
    let open = "[".repeat(levels);
    let close = if whole {
        "]".repeat(levels) + "}}"
    } else {
        String::new()
    };
    format!("{{\"query\":\"{{ __typename }}\",\"variables\":{{\"x\":{open}{close}")
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_are_refused() -> anyhow::Result<()> {
    let mut app = App::start(Stack::Sqlite).await?;
    let batch = Expected(400, "BATCHING_UNSUPPORTED");
    let deep = Expected(400, "VARIABLES_TOO_DEEP");
    let media = Expected(415, "UNSUPPORTED_MEDIA_TYPE");
    let bad = Expected(400, "BAD_REQUEST");
    let cases = [
        ("4 KB of brackets", JSON, "[".repeat(4_096), batch),
        ("a batch", JSON, format!("[{HARMLESS},{HARMLESS}]"), batch),
        (
            "33 levels of variables",
            JSON,
            deep_variables(33, true),
            deep,
        ),
        (
            "4 096 levels of variables",
            JSON,
            deep_variables(4_096, true),
            deep,
        ),
        (
            "100 000 levels, cut off",
            JSON,
            deep_variables(100_000, false),
            deep,
        ),
        (
            "a body of 300 KB",
            JSON,
            long(300_000),
            Expected(413, "BODY_TOO_LARGE"),
        ),
        ("no JSON", JSON, "query { a }".to_owned(), bad),
        ("nothing", JSON, String::new(), bad),
        ("cut off", JSON, HARMLESS[..10].to_owned(), bad),
        ("a number as query", JSON, "{\"query\":1}".to_owned(), bad),
        (
            "two queries",
            JSON,
            "{\"query\":\"{a}\",\"query\":\"{b}\"}".to_owned(),
            bad,
        ),
        ("plain text", "text/plain", HARMLESS.to_owned(), media),
        (
            "a form",
            "application/x-www-form-urlencoded",
            "query={a}".to_owned(),
            media,
        ),
        (
            "multipart",
            "multipart/form-data; boundary=x",
            HARMLESS.to_owned(),
            media,
        ),
        ("graphql", "application/graphql", "{ a }".to_owned(), media),
        (
            "UTF-16",
            "application/json; charset=utf-16",
            HARMLESS.to_owned(),
            media,
        ),
    ];
    for client in [app.anonymous(), app.key()] {
        for (what, kind, body, expected) in &cases {
            for accept in ["application/json", "application/graphql-response+json"] {
                let request = client
                    .request(Method::POST, "/graphql")
                    .header("content-type", *kind)
                    .header("accept", accept)
                    .body(body.clone());
                let asked = async { Answer::of(request.send().await?).await };
                let answer = at_once(what, asked).await?;
                expected
                    .of(&answer)
                    .with_context(|| format!("{what} as {accept}"))?;
            }
        }
    }
    lives(&mut app).await?;
    app.close().await
}

/// A request as it stands on the wire.
fn wire(line: &str, headers: &str, body: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}")
}

/// A harmless query with more headers.
fn query_with(headers: &str) -> String {
    let length = HARMLESS.len();
    let own = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}");
    wire("POST /graphql", &own, HARMLESS)
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_are_refused() -> anyhow::Result<()> {
    let mut app = App::start(Stack::Sqlite).await?;
    let key = app.first_run.api_key.clone();
    let unauthenticated = Expected(401, "UNAUTHENTICATED");
    let bearer = |token: &str| query_with(&format!("Authorization: Bearer {token}\r\n"));
    let mut wrong_sum = key.clone();
    wrong_sum.pop();
    wrong_sum.push(if key.ends_with('0') { '1' } else { '0' });
    let token_in_url = format!("POST /graphql?token={key}");
    let ten_megabytes = "Content-Type: application/json\r\nContent-Length: 10485760\r\n";
    let cases = [
        (
            "a query over GET",
            wire("GET /graphql?query=%7B__typename%7D", "", ""),
            Expected(405, "METHOD_NOT_ALLOWED"),
        ),
        (
            "a mutation over GET",
            wire(
                "GET /graphql?query=mutation%7Blogout%7BuserErrors%7Bcode%7D%7D%7D",
                "",
                "",
            ),
            Expected(405, "METHOD_NOT_ALLOWED"),
        ),
        (
            "another method",
            wire("DELETE /graphql", "", ""),
            Expected(405, "METHOD_NOT_ALLOWED"),
        ),
        (
            "10 MB announced",
            wire("POST /graphql", ten_megabytes, "{"),
            Expected(413, "BODY_TOO_LARGE"),
        ),
        (
            "gzip",
            query_with("Content-Encoding: gzip\r\n"),
            Expected(415, "UNSUPPORTED_MEDIA_TYPE"),
        ),
        (
            "an unacceptable answer",
            query_with("Accept: image/png\r\n"),
            Expected(406, "NOT_ACCEPTABLE"),
        ),
        (
            "a key in the address",
            wire(&token_in_url, "Content-Length: 0\r\n", ""),
            Expected(400, "TOKEN_IN_URL"),
        ),
        ("a wrong check sum", bearer(&wrong_sum), unauthenticated),
        ("no token", bearer(""), unauthenticated),
        ("junk", bearer("sr_live_junk"), unauthenticated),
        (
            "10 KB of token",
            bearer(&"a".repeat(10_000)),
            unauthenticated,
        ),
        (
            "a trailing quote",
            bearer(&format!("{key}'")),
            unauthenticated,
        ),
        (
            "two tokens",
            bearer(&format!("{key}, Bearer {key}")),
            unauthenticated,
        ),
        (
            "Basic",
            query_with("Authorization: Basic c3I6bGl2ZQ==\r\n"),
            unauthenticated,
        ),
        (
            "a token of an operator's form",
            bearer(&format!("sro_{}", "A".repeat(43))),
            unauthenticated,
        ),
        (
            "a bad cookie",
            query_with("Cookie: sid=srs_nobody\r\n"),
            unauthenticated,
        ),
        (
            "an address that is none",
            wire("GET /nowhere", "", ""),
            Expected(404, "NOT_FOUND"),
        ),
        (
            "300 KB of header",
            query_with(&format!("X-Long: {}\r\n", "a".repeat(300_000))),
            Expected(431, ""),
        ),
        (
            "no HTTP",
            "\u{16}\u{3}\u{1}hello\r\n\r\n".to_owned(),
            Expected(400, ""),
        ),
    ];
    for (what, request, expected) in &cases {
        let answer = at_once(what, raw::exchange(&app.url(), request.as_bytes())).await?;
        expected.of(&answer).with_context(|| (*what).to_owned())?;
        ensure!(
            !answer.text().contains(&key),
            "{what} is answered with the key"
        );
    }
    lives(&mut app).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_headers_choose_no_tenant() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let other = tests::neighbour::found(&app, "other").await?;
    for header in ["x-tenant-id", "x-tenant", "tenant-id", "strongroom-tenant"] {
        let request = app
            .key()
            .request(Method::POST, &format!("/graphql?tenantId={other}"))
            .header(header, &other)
            .json(&json!({ "query": "{ viewer { tenant { id } } }" }));
        let answer = Answer::of(request.send().await?).await?;
        let own = answer.json()?["data"]["viewer"]["tenant"]["id"].clone();
        assert_eq!(own, app.first_run.tenant_id, "{header}");
    }
    app.close().await
}
