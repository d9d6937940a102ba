use reqwest::Method;
use serde_json::Value;

use super::served::{code, header, served};

const JSON: (&str, &str) = ("content-type", "application/json");
const GRAPHQL: (&str, &str) = ("accept", "application/graphql-response+json");
/// Body, headers, status, code.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);
const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;

#[tokio::test]
async fn every_answer_protects_a_browser_and_names_its_request() {
    let served = served(&[]).await;
    for path in ["/livez", "/nowhere", "/graphql"] {
        let answer = served.get(path).await;
        assert_eq!(
            header(&answer, "x-content-type-options"),
            "nosniff",
            "{path}"
        );
        assert_eq!(header(&answer, "cache-control"), "no-store", "{path}");
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer", "{path}");
        assert!(header(&answer, "content-security-policy").contains("default-src 'none'"));
        assert_eq!(header(&answer, "strongroom-request-id").len(), 36, "{path}");
        assert_eq!(header(&answer, "server"), "", "{path}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_problem_document_that_names_the_request() {
    let served = served(&[]).await;
    let answer = served.get("/nowhere").await;
    assert_eq!(header(&answer, "content-type"), "application/problem+json");
    let id = header(&answer, "strongroom-request-id");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "NOT_FOUND");
    assert_eq!(body["instance"], format!("urn:uuid:{id}"));
}

#[tokio::test]
async fn only_post_is_taken() {
    let served = served(&[]).await;
    let url = format!("{}/graphql?query={{__typename}}", served.url);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let answer = served.http.request(method, &url).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "allow").as_str()),
            (405, "POST")
        );
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_status() {
    let served = served(&[]).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let long = format!("{{\"query\":\"{}\"}}", "x".repeat(300_000));
    let cases: [Case<'_>; 9] = [
        (TYPENAME, &[form], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (TYPENAME, &[], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            TYPENAME,
            &[JSON, ("content-encoding", "gzip")],
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            TYPENAME,
            &[JSON, ("accept", "text/html")],
            406,
            "NOT_ACCEPTABLE",
        ),
        ("{", &[JSON], 400, "BAD_REQUEST"),
        ("", &[JSON], 400, "BAD_REQUEST"),
        ("[]", &[JSON], 400, "BATCHING_UNSUPPORTED"),
        (&long, &[JSON], 413, "BODY_TOO_LARGE"),
        (
            "{\"query\":\"{\"}",
            &[JSON, GRAPHQL],
            400,
            "GRAPHQL_PARSE_FAILED",
        ),
    ];
    for (body, headers, status, expected) in cases {
        let answer = served.post(body, headers).await;
        assert_eq!(answer.status().as_u16(), status, "{expected}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(code(&body), expected);
        assert!(body.get("data").is_none());
    }
}

#[tokio::test]
async fn a_document_that_does_not_parse_is_200_for_old_clients() {
    let served = served(&[]).await;
    let answer = served.post("{\"query\":\"{\"}", &[JSON]).await;
    assert_eq!(answer.status().as_u16(), 200);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(code(&body), "GRAPHQL_PARSE_FAILED");
    assert!(body.get("data").is_none());
}

#[tokio::test]
async fn the_reply_has_the_media_type_that_was_asked_for() {
    let served = served(&[]).await;
    let answer = served.post(TYPENAME, &[JSON, GRAPHQL]).await;
    let expected = "application/graphql-response+json; charset=utf-8";
    assert_eq!(header(&answer, "content-type"), expected);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["data"]["__typename"], "Query");
    assert_eq!(body["extensions"]["cost"]["requested"], 0);
}

#[tokio::test]
async fn other_origins_get_what_is_configured_and_no_more() {
    let served = served(&[("STRONGROOM_CORS_ORIGINS", "https://app.example.com")]).await;
    let preflight = |origin: &'static str| {
        let url = format!("{}/graphql", served.url);
        let request = served.http.request(Method::OPTIONS, url);
        let request = request.header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header(
            "access-control-request-headers",
            "authorization,content-type",
        )
    };
    let known = preflight("https://app.example.com").send().await.unwrap();
    assert_eq!(
        header(&known, "access-control-allow-origin"),
        "https://app.example.com"
    );
    assert_eq!(header(&known, "access-control-allow-credentials"), "");
    for origin in [
        "https://evil.example.com",
        "https://app.example.com.evil",
        "null",
    ] {
        let unknown = preflight(origin).send().await.unwrap();
        assert_eq!(
            header(&unknown, "access-control-allow-origin"),
            "",
            "{origin}"
        );
    }
}

#[tokio::test]
async fn the_development_page_asks_no_other_address() {
    let served = served(&[]).await;
    let page = served.get("/graphiql").await;
    assert!(header(&page, "content-security-policy").contains("script-src 'self'"));
    let html = page.text().await.unwrap();
    assert!(!html.contains("//cdn") && !html.contains("https://"));
    for part in html.split("\"/graphiql/").skip(1) {
        let part = part.split('"').next().unwrap();
        let answer = served.get(&format!("/graphiql/{part}")).await;
        assert_eq!(answer.status().as_u16(), 200, "{part}");
    }
}

#[tokio::test]
async fn probes_and_figures_are_there() {
    let served = served(&[]).await;
    assert_eq!(served.get("/livez").await.status().as_u16(), 200);
    let ready = served.get("/readyz").await;
    assert_eq!(ready.text().await.unwrap(), "{\"status\":\"ready\"}");
    served.ask(served.key(), "{ __typename }").await;
    let figures = served.get("/metrics").await.text().await.unwrap();
    for metric in [
        "strongroom_http_request_duration_seconds_bucket{method=\"POST\",route=\"/graphql\",status=\"2xx\"",
        "strongroom_http_requests_in_flight 1",
        "strongroom_database_statements_total",
        "strongroom_audit_events_pending 0",
    ] {
        assert!(figures.contains(metric), "{metric}");
    }
    assert!(!figures.contains(&served.made.tenant_id));
}

#[tokio::test]
async fn an_auditor_is_told_that_the_chain_is_intact() {
    let served = served(&[]).await;
    let url = format!("{}/v1/audit/verify?full=true", served.url);
    let request = served.http.get(url).bearer_auth(&served.made.api_key);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["verdict"], "INTACT");
    assert!(body["size"].as_u64() >= Some(1));
    assert_eq!(body["firstBadSeq"], Value::Null);
}
