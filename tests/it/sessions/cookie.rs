//! Sessions that travel as a cookie, and what other sites can do with one.

use anyhow::{Context as _, ensure};
use serde_json::json;
use tests::{App, Stack};

use super::with_cookie;

/// Signs the owner in by cookie; returns the cookie as a browser would send it.
async fn sign_in(app: &App) -> anyhow::Result<String> {
    let query = "mutation($i: LoginInput!) { login(input: $i) { token userErrors { code } } }";
    let first = &app.first_run;
    let input = json!({ "email": first.owner_email, "password": first.owner_password, "transport": "COOKIE" });
    let answer = app
        .anonymous()
        .graphql(query, json!({ "i": input }))
        .await?;
    ensure!(
        answer.json()?["data"]["login"]["token"].is_null(),
        "{}",
        answer.text()
    );
    let set = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        ensure!(set.contains(part), "{part} is missing: {set}");
    }
    let cookie = set.split(';').next().context("no cookie")?;
    Ok(cookie.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_believed_from_our_own_pages_only() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let cookie = sign_in(&app).await?;
    let own = app.url();
    let preflight = ("graphql-require-preflight", "1");
    let good: [&[(&str, &str)]; 4] = [
        &[preflight, ("sec-fetch-site", "same-origin")],
        &[
            ("apollo-require-preflight", "1"),
            ("sec-fetch-site", "none"),
        ],
        &[preflight, ("origin", &own)],
        &[
            preflight,
            ("sec-fetch-site", "same-origin"),
            ("origin", &own),
        ],
    ];
    for headers in good {
        let answer = with_cookie(&app, &cookie, headers).await?;
        ensure!(answer.status == 200, "{headers:?}: {}", answer.text());
    }
    let bad: [&[(&str, &str)]; 6] = [
        &[],
        &[preflight],
        &[("sec-fetch-site", "same-origin")],
        &[preflight, ("sec-fetch-site", "cross-site")],
        &[preflight, ("sec-fetch-site", "same-site"), ("origin", &own)],
        &[preflight, ("origin", "https://evil.example")],
    ];
    for headers in bad {
        let answer = with_cookie(&app, &cookie, headers).await?;
        let got = (answer.status.as_u16(), answer.code());
        assert_eq!(got, (403, "CSRF".to_owned()), "{headers:?}");
    }
    let operator = app
        .anonymous()
        .request(reqwest::Method::POST, "/operator/graphql")
        .header("cookie", &cookie)
        .json(&json!({ "query": "{ viewer { principal { id } } }" }));
    assert_eq!(operator.send().await?.status(), 401);
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_cookie_is_refused_and_taken_away() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let headers = [
        ("graphql-require-preflight", "1"),
        ("sec-fetch-site", "same-origin"),
    ];
    let good = sign_in(&app).await?;
    let name = good.split('=').next().context("no name")?.to_owned();
    let answer = with_cookie(&app, &format!("{name}=srs_nobody"), &headers).await?;
    assert_eq!(answer.status, 401);
    ensure!(
        answer.header("set-cookie").contains("Max-Age=0"),
        "{:?}",
        answer.headers
    );
    let key = &app.first_run.api_key;
    let answer = with_cookie(&app, &format!("{name}={key}"), &headers).await?;
    assert_eq!(answer.status, 401, "a key is no session");
    app.close().await
}
