use std::io::Write;

use reqwest::StatusCode;

use super::served::{code, header, served};

#[tokio::test]
async fn an_address_that_shows_many_bad_credentials_is_told_to_wait_and_good_ones_pass() {
    let served = served(&[("STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE", "3")]).await;
    for _ in 0..3 {
        let (status, _) = served.ask(Some("srs_x"), "{ __typename }").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let (status, body) = served.ask(Some("srs_x"), "{ __typename }").await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED")
    );
    let (status, _) = served.ask(served.key(), "{ __typename }").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn the_shield_holds_an_address_and_lets_probes_pass() {
    let served = served(&[
        ("STRONGROOM_SHIELD_PER_SECOND", "1"),
        ("STRONGROOM_SHIELD_BURST", "2"),
    ])
    .await;
    for _ in 0..2 {
        assert_eq!(served.get("/nowhere").await.status(), StatusCode::NOT_FOUND);
    }
    let refused = served.get("/nowhere").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "retry-after"), "1");
    assert!(header(&refused, "ratelimit-policy").starts_with("\"shield\""));
    for _ in 0..10 {
        assert_eq!(served.get("/livez").await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_principal_sees_its_own_limit() {
    let served = served(&[]).await;
    let url = format!("{}/graphql", served.url);
    let request = served.http.post(url).bearer_auth(&served.made.api_key);
    let request = request.header("content-type", "application/json");
    let answer = request
        .body("{\"query\":\"{ __typename }\"}")
        .send()
        .await
        .unwrap();
    assert!(header(&answer, "ratelimit-policy").starts_with("\"req\""));
    assert!(header(&answer, "ratelimit").starts_with("\"req\";r="));
}

#[tokio::test]
async fn strangers_have_an_hourly_limit() {
    let served = served(&[("STRONGROOM_ANONYMOUS_PER_HOUR", "2")]).await;
    for _ in 0..2 {
        let (status, _) = served.ask(None, "{ __typename }").await;
        assert_eq!(status, StatusCode::OK);
    }
    let (status, body) = served.ask(None, "{ __typename }").await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED")
    );
    let retry_after = body.pointer("/errors/0/extensions/retryAfter");
    assert!(retry_after.and_then(serde_json::Value::as_u64) > Some(0));
}

#[tokio::test]
async fn a_tenant_without_calls_left_is_told_so_and_can_still_verify() {
    let mut tiers = tempfile::NamedTempFile::new().unwrap();
    tiers.write_all(b"[professional]\napi_calls = 3\n").unwrap();
    let path = tiers.path().to_str().unwrap().to_owned();
    let served = served(&[("STRONGROOM_TIERS_FILE", path.as_str())]).await;
    for _ in 0..3 {
        let (status, _) = served.ask(served.key(), "{ __typename }").await;
        assert_eq!(status, StatusCode::OK);
    }
    let (status, body) = served.ask(served.key(), "{ __typename }").await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::FORBIDDEN, "QUOTA_EXCEEDED")
    );
    let message = body.pointer("/errors/0/message").unwrap().to_string();
    assert!(
        message.contains("limit of 3") && message.contains("0 left"),
        "{message}"
    );
    let url = format!("{}/v1/audit/verify", served.url);
    let verify = served.http.get(url).bearer_auth(&served.made.api_key);
    assert_eq!(verify.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_burst_of_wrong_passwords_gets_no_further_than_one_after_the_other() {
    let served = served(&[("STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE", "2")]).await;
    let query = format!(
        "mutation {{ login(input: {{ email: \"{}\", password: \"not the password\" }}) \
         {{ userErrors {{ code }} }} }}",
        served.made.owner_email
    );
    let answers = futures_util::future::join_all((0..8).map(|_| served.ask(None, &query))).await;
    let compared = answers.iter().filter(|(status, body)| {
        let code = body.pointer("/data/login/userErrors/0/code");
        *status == StatusCode::OK && code.is_some_and(|code| code == "INVALID_CREDENTIALS")
    });
    assert_eq!(compared.count(), 2, "{answers:?}");
    let held = answers
        .iter()
        .filter(|(status, _)| *status == StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(held.count(), 6, "{answers:?}");
    let (status, _) = served.ask(None, &query).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}
