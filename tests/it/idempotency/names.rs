//! Whose a name is, what it stands for, and what is refused.

use anyhow::ensure;
use reqwest::{Method, header::HeaderValue};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, App, Neighbour, Stack, client::text, wait};

use super::{is_replayed, keys_named, named, new_key};

const SELECTION: &str = "apiKey { id } secret auditEvent { id }";

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_gets_the_first_answer_without_its_secret(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let ask = async || {
        named(
            &owner,
            "\"k 1\"",
            "apiKeyCreate",
            new_key("twice"),
            SELECTION,
        )
        .await
    };
    let (first, again) = (ask().await?, ask().await?);
    ensure!(
        !is_replayed(&first) && is_replayed(&again),
        "{}",
        again.text()
    );
    let (first, again) = (first.json()?, again.json()?);
    let at = |answer: &Value, part: &str| answer["data"]["apiKeyCreate"][part].clone();
    assert_eq!(at(&first, "apiKey"), at(&again, "apiKey"));
    assert_eq!(at(&first, "auditEvent"), at(&again, "auditEvent"));
    assert_eq!(at(&again, "userErrors"), json!([]));
    ensure!(at(&first, "secret").is_string() && at(&again, "secret").is_null());
    assert_eq!(keys_named(&app, "twice").await?, 1);
    // An invitation's token is shown once as well.
    let guest = json!({ "email": "guest@example.com", "role": "VIEWER" });
    let selection = "invitation { id email token }";
    let ask = async || named(&owner, "k2", "memberInvite", guest.clone(), selection).await;
    let (first, again) = (ask().await?.json()?, ask().await?.json()?);
    let at =
        |answer: &Value, part: &str| answer["data"]["memberInvite"]["invitation"][part].clone();
    assert_eq!(at(&first, "id"), at(&again, "id"));
    ensure!(at(&first, "token").is_string() && at(&again, "token").is_null());
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_its_principals_own_and_stands_for_one_request(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let (owner, key) = (app.owner().await?, app.key());
    let neighbour = Neighbour::move_in(&app).await?;
    let file = key.put_text("a.txt", "a").await?;
    let trash = json!({ "fileId": file["id"] });
    let trashed = named(&key, "k", "fileTrash", trash.clone(), "file { id state }").await?;
    ensure!(trashed.status == 200 && trashed.code().is_empty());
    // Another principal's name is another name, in the same tenant and elsewhere.
    for (client, name) in [(&owner, "own"), (&neighbour.owner, "foreign")] {
        let made = named(client, "k", "apiKeyCreate", new_key(name), SELECTION).await?;
        ensure!(!is_replayed(&made) && made.status == 200, "{}", made.text());
        assert_eq!(keys_named(&app, name).await?, 1);
    }
    // The same name for another operation, other variables, another document.
    let restore = named(&key, "k", "fileRestore", trash.clone(), "file { id }").await?;
    let other = json!({ "fileId": neighbour.file });
    let other = named(&key, "k", "fileTrash", other, "file { id state }").await?;
    let selection = named(&key, "k", "fileTrash", trash.clone(), "file { id }").await?;
    for refused in [restore, other, selection] {
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (422, "IDEMPOTENCY_KEY_REUSED")
        );
    }
    // A refusal is no outcome: the name stays free until something is done under it.
    let bad = named(&owner, "n", "apiKeyCreate", new_key(""), SELECTION).await?;
    ensure!(bad.text().contains("INVALID"), "{}", bad.text());
    let good = named(&owner, "n", "apiKeyCreate", new_key("good"), SELECTION).await?;
    ensure!(
        good.text().contains("secret") && !is_replayed(&good),
        "{}",
        good.text()
    );
    // Who repeats it gets it by the right that is there now.
    let id = text(&good.json()?, "/data/apiKeyCreate/apiKey/id")?;
    let secret = text(&good.json()?, "/data/apiKeyCreate/secret")?;
    owner
        .mutate("apiKeyRevoke", json!({ "id": id }), "apiKey { id }")
        .await?;
    let revoked = named(&app.client(&secret), "n", "fileTrash", trash, "file { id }").await?;
    assert_eq!(revoked.status, 401);
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_name_is_refused_and_nothing_is_done() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let owner = app.owner().await?;
    let long = "k".repeat(256);
    let cases: [(&str, Vec<&[u8]>); 8] = [
        ("empty", vec![b""]),
        ("nothing in quotes", vec![b"\"\""]),
        ("256 bytes", vec![long.as_bytes()]),
        ("a tab", vec![b"\"a\tb\""]),
        ("no ASCII", vec!["\"\u{fc}\"".as_bytes()]),
        ("a list", vec![b"\"a\", \"b\""]),
        ("two headers", vec![b"\"a\"", b"\"a\""]),
        ("a blank without quotes", vec![b"a b"]),
    ];
    for (what, values) in &cases {
        let document = "mutation { apiKeyCreate(input: { name: \"odd\", scopes: [FILES_READ] }) \
                        { secret } }";
        let mut graphql = owner
            .request(Method::POST, "/graphql")
            .json(&json!({ "query": document }));
        let mut put = app
            .key()
            .request(Method::PUT, "/v1/files/workspace/doc/o/odd.txt")
            .body("odd");
        for value in values {
            let value = HeaderValue::from_bytes(value)?;
            graphql = graphql.header("idempotency-key", value.clone());
            put = put.header("idempotency-key", value);
        }
        for request in [graphql, put] {
            let refused = Answer::of(request.send().await?).await?;
            assert_eq!(
                (refused.status.as_u16(), refused.code().as_str()),
                (400, "IDEMPOTENCY_KEY_INVALID"),
                "{what}: {}",
                refused.text()
            );
        }
    }
    assert_eq!(keys_named(&app, "odd").await?, 0);
    // Of two changes one could be done and the other not.
    let both = "mutation { a: apiKeyCreate(input: { name: \"odd\", scopes: [FILES_READ] }) { secret } \
                b: memberRemove(input: { memberId: \"mem_0\" }) { userErrors { code } } }";
    let both = "mutation { __typename ".to_owned() + both.trim_start_matches("mutation {");
    let request = owner
        .request(Method::POST, "/graphql")
        .header("idempotency-key", "both")
        .json(&json!({ "query": both }));
    let refused = Answer::of(request.send().await?).await?;
    assert_eq!(refused.status, 400, "{}", refused.text());
    // A query has no need of one, and signing in takes none.
    let request = owner
        .request(Method::POST, "/graphql")
        .header("idempotency-key", "any")
        .json(&json!({ "query": "{ viewer { principal { id } } }" }));
    assert_eq!(request.send().await?.status(), 200);
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_with_a_receipt_is_begun_once(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let key = app.key();
    key.put_text("a.txt", "a").await?;
    let receipt = wait::until_some("the log has a checkpoint", 30, || async {
        let answer = key.get("/v1/audit/checkpoint").await?;
        Ok((answer.status == 200).then(|| answer.text()))
    })
    .await?;
    let ask = async || {
        let request = key
            .request(Method::POST, "/v1/audit/verify")
            .header("content-type", "text/plain")
            .header("idempotency-key", "v");
        Answer::of(request.body(receipt.clone()).send().await?).await
    };
    let (first, again) = (ask().await?, ask().await?);
    ensure!(
        first.status == 200 && !is_replayed(&first),
        "{}",
        first.text()
    );
    ensure!(
        again.status == 200 && is_replayed(&again),
        "{}",
        again.text()
    );
    assert_eq!(first.json()?, again.json()?);
    app.close().await
}
