//! What a key may do, from where, and until when.

use anyhow::ensure;
use rstest::rstest;
use serde_json::json;
use tests::{Answer, App, Client, Stack, client::text};

use super::{code_of, join};

const OWN: &str = "{ viewer { tenant { id } } }";

async fn key_with(
    app: &App,
    owner: &Client,
    input: serde_json::Value,
) -> anyhow::Result<(Client, String)> {
    let made = owner
        .mutate("apiKeyCreate", input, "secret apiKey { id }")
        .await?;
    Ok((
        app.client(&text(&made, "/secret")?),
        text(&made, "/apiKey/id")?,
    ))
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_at_once(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let input = json!({ "name": "short-lived", "scopes": ["FILES_READ"] });
    let (key, id) = key_with(&app, &owner, input).await?;
    key.data(OWN, json!({})).await?;
    owner
        .mutate("apiKeyRevoke", json!({ "id": id }), "apiKey { revokedAt }")
        .await?;
    if tests::stack::is_production_shape() {
        // Another replica hears of it within two seconds.
        tests::wait::until("every replica refuses the key", 2, || async {
            let answers = [
                key.graphql(OWN, json!({})).await?,
                key.graphql(OWN, json!({})).await?,
            ];
            Ok(answers.iter().all(|answer| answer.status == 401))
        })
        .await?;
    }
    let answer = key.graphql(OWN, json!({})).await?;
    assert_eq!(refused(&answer), (401, "UNAUTHENTICATED".to_owned()));
    assert_eq!(key.put("workspace/doc/o/a.txt", "late").await?.status, 401);
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_works_from_its_networks_only() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let owner = app.owner().await?;
    for (cidr, works) in [
        ("127.0.0.0/8", true),
        ("10.0.0.0/8", false),
        ("::1/128", false),
    ] {
        let input = json!({ "name": cidr, "scopes": ["FILES_READ"], "cidrs": [cidr] });
        let (key, _) = key_with(&app, &owner, input).await?;
        let request = key
            .request(reqwest::Method::POST, "/graphql")
            .header("x-forwarded-for", "10.1.2.3")
            .json(&json!({ "query": OWN }));
        let answer = Answer::of(request.send().await?).await?;
        ensure!(
            (answer.status == 200) == works,
            "{cidr}: {} {}",
            answer.status,
            answer.text()
        );
        ensure!(
            works || [401, 403].contains(&answer.status.as_u16()),
            "{}",
            answer.status
        );
    }
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_scopes_say_and_manages_nobody(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let file = app.key().put_text("scoped.txt", "scoped").await?;
    let input = json!({ "name": "reader", "scopes": ["FILES_READ"] });
    let (reader, _) = key_with(&app, &owner, input).await?;
    reader.state_of(&text(&file, "/id")?).await?;
    let by_id = json!({ "fileId": file["id"] });
    for field in [
        "fileTrash",
        "fileRestore",
        "filePurge",
        "fileSignedUrlCreate",
    ] {
        assert_eq!(
            code_of(&reader, field, by_id.clone()).await?,
            "FORBIDDEN",
            "{field}"
        );
    }
    let put = reader.put("workspace/doc/o/a.txt", "no").await?;
    assert_eq!(refused(&put), (403, "FORBIDDEN".to_owned()));
    let invite = json!({ "email": "friend@example.com", "role": "VIEWER" });
    assert_eq!(
        code_of(&app.key(), "memberInvite", invite).await?,
        "FORBIDDEN"
    );
    let make = json!({ "name": "child", "scopes": ["FILES_READ"] });
    assert_eq!(
        code_of(&app.key(), "apiKeyCreate", make).await?,
        "FORBIDDEN"
    );
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_with_the_membership_of_whoever_made_it(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let (admin, member) = join(&app, &owner, "admin@example.com", "ADMIN").await?;
    let input = json!({ "name": "admin's", "scopes": ["FILES_READ", "FILES_WRITE"] });
    let (key, _) = key_with(&app, &admin, input).await?;
    key.put_text("while.txt", "a member").await?;
    owner
        .mutate(
            "memberRemove",
            json!({ "memberId": member }),
            "member { id }",
        )
        .await?;
    tests::wait::until("the key and the session are refused", 2, || async {
        let by_key = key.graphql(OWN, json!({})).await?;
        let by_person = admin.graphql(OWN, json!({})).await?;
        let shown = by_person.json()?["data"]["viewer"]["tenant"]["id"].is_string();
        Ok(by_key.status != 200 && !shown)
    })
    .await?;
    app.close().await
}
