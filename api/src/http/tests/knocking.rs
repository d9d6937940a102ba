use reqwest::StatusCode;
use serde_json::{Value, json};

use super::served::{Served, code, header, served};

const VIEWER: &str = "{ viewer { principal { type id } } }";

#[tokio::test]
async fn a_key_is_known() {
    let served = served(&[]).await;
    let (status, body) = served.ask(served.key(), VIEWER).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["data"]["viewer"]["principal"]["type"], "API_KEY");
}

#[tokio::test]
async fn without_a_credential_only_public_fields_are_run() {
    let served = served(&[]).await;
    let (status, _) = served.ask(None, "{ __typename }").await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = served.ask(None, VIEWER).await;
    assert_eq!(
        (status, code(&body)),
        (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
    );
    assert!(body.get("data").is_none());
}

#[tokio::test]
async fn a_bad_credential_is_refused_beside_public_fields_too() {
    let served = served(&[("STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE", "100")]).await;
    let good = served.made.api_key.clone();
    let long = format!("sr_live_{}", "a".repeat(5_000));
    let cut = good.get(..good.len() - 1).unwrap().to_owned();
    let other = good.replace("sr_live_", "srs_");
    for token in [
        "x",
        "sr_live_",
        &long,
        &cut,
        &other,
        "srs_unknown",
        "sro_unknown",
    ] {
        let (status, body) = served.ask(Some(token), "{ __typename }").await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
        );
    }
}

#[tokio::test]
async fn the_credential_of_one_api_is_nothing_at_the_other() {
    let served = served(&[]).await;
    let response = served
        .http
        .post(format!("{}/operator/graphql", served.url))
        .bearer_auth(&served.made.api_key)
        .json(&json!({ "query": "{ __typename }" }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_in_the_address_is_refused() {
    let served = served(&[]).await;
    let path = format!("/v1/audit/verify?key={}", served.made.api_key);
    let answer = served.get(&path).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(code(&body), "TOKEN_IN_URL");
}

/// Signs the owner in with a cookie and gives the `Cookie` header.
async fn cookie(served: &Served) -> String {
    let query =
        "mutation($input: LoginInput!) { login(input: $input) { token userErrors { code } } }";
    let input = json!({
        "email": served.made.owner_email,
        "password": served.made.owner_password,
        "transport": "COOKIE",
    });
    let response = served
        .http
        .post(format!("{}/graphql", served.url))
        .json(&json!({ "query": query, "variables": { "input": input } }))
        .send()
        .await
        .unwrap();
    let cookie = header(&response, "set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["data"]["login"]["token"], Value::Null, "{body}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_is_believed_from_our_own_pages_only() {
    let served = served(&[]).await;
    let cookie = cookie(&served).await;
    let query = json!({ "query": VIEWER }).to_string();
    let json = ("content-type", "application/json");
    let own = [
        ("cookie", cookie.as_str()),
        json,
        ("graphql-require-preflight", "1"),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer: Value = served.post(&query, &own).await.json().await.unwrap();
    assert_eq!(
        answer["data"]["viewer"]["principal"]["type"], "USER",
        "{answer}"
    );
    let foreign = served.post(&query, &own[..2]).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert_eq!(code(&foreign.json().await.unwrap()), "CSRF");
}

#[tokio::test]
async fn a_cookie_that_is_no_good_any_more_is_taken_away() {
    let served = served(&[]).await;
    let headers = [
        ("cookie", "sid=srs_gone"),
        ("content-type", "application/json"),
    ];
    let answer = served
        .post("{\"query\":\"{ __typename }\"}", &headers)
        .await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(header(&answer, "set-cookie").contains("Max-Age=0"));
}
