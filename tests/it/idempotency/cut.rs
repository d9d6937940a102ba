//! Connections and processes that end between the commit and the answer.

use anyhow::ensure;
use rstest::rstest;
use serde_json::json;
use tests::{App, Client, Stack, client::mutation, raw, wait};
use tokio::task::JoinSet;

use super::{is_replayed, keys_named, named, new_key};

const SELECTION: &str = "apiKey { id } auditEvent { id }";

/// Sends it until it is answered with what was done, as a client does that follows `Retry-After`.
async fn insist(client: &Client, key: &str, name: &str) -> anyhow::Result<bool> {
    wait::until_some("the request is answered", 30, || async {
        let answer = named(client, key, "apiKeyCreate", new_key(name), SELECTION).await?;
        match (answer.status.as_u16(), answer.code().as_str()) {
            (200, "") => Ok(Some(is_replayed(&answer))),
            (409, "IDEMPOTENCY_KEY_IN_USE") => {
                ensure!(answer.header("retry-after") == "1", "when to come again");
                Ok(None)
            }
            _ => anyhow::bail!("{} {}", answer.status, answer.text()),
        }
    })
    .await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_of_one_name_one_does_it(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    for round in 0..5 {
        let name = format!("round {round}");
        let mut requests = JoinSet::new();
        for _ in 0..10 {
            let (owner, name) = (owner.clone(), name.clone());
            requests.spawn(async move { insist(&owner, &format!("k-{round}"), &name).await });
        }
        let replayed = requests.join_all().await;
        let replayed = replayed.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        assert_eq!(replayed.iter().filter(|replayed| !**replayed).count(), 1);
        assert_eq!(keys_named(&app, &name).await?, 1);
    }
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_too_early_costs_nothing_and_doubles_nothing(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let token = owner.token().unwrap_or_default().to_owned();
    for round in 0..20 {
        let (key, name) = (format!("cut-{round}"), format!("cut {round}"));
        let (query, variables) = mutation("apiKeyCreate", new_key(&name), SELECTION);
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: \"{key}\"\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        raw::hang_up(&app.url(), request.as_bytes()).await?;
        insist(&owner, &key, &name).await?;
        insist(&owner, &key, &name).await?;
        assert_eq!(keys_named(&app, &name).await?, 1, "{name}");
    }
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_at_any_time_costs_nothing_and_doubles_nothing(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let mut done = 0;
    for cycle in 0..6 {
        let owner = app.owner().await?;
        let mut requests = JoinSet::new();
        for number in 0..8 {
            let owner = owner.clone();
            let name = format!("kill {cycle} {number}");
            requests.spawn(async move {
                let key = name.replace(' ', "-");
                let asked = named(&owner, &key, "apiKeyCreate", new_key(&name), SELECTION);
                asked.await.is_ok_and(|answer| answer.status == 200)
            });
        }
        // With the first answer the power goes, and the others are somewhere in between.
        let first = requests.join_next().await.transpose()?;
        app.kill().await?;
        let acknowledged = requests.join_all().await.into_iter().chain(first);
        done += acknowledged.filter(|answered| *answered).count();
        app.launch().await?;
        let owner = app.owner().await?;
        for number in 0..8 {
            let name = format!("kill {cycle} {number}");
            insist(&owner, &name.replace(' ', "-"), &name).await?;
            assert_eq!(keys_named(&app, &name).await?, 1, "{name}");
        }
    }
    ensure!(done >= 6, "hardly anything was answered");
    app.close().await
}
