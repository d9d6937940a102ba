//! Requests with a name may be sent again.

mod cut;
mod lost;
mod names;
mod uploads;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, App, Client, client::mutation};

/// A mutation under a name, answered however it is.
async fn named(
    client: &Client,
    key: &str,
    field: &str,
    input: Value,
    selection: &str,
) -> anyhow::Result<Answer> {
    let (query, variables) = mutation(field, input, selection);
    let request = client
        .request(Method::POST, "/graphql")
        .header("idempotency-key", key)
        .json(&json!({ "query": query, "variables": variables }));
    Answer::of(request.send().await?).await
}

/// A key to be made.
fn new_key(name: &str) -> Value {
    json!({ "name": name, "scopes": ["FILES_READ"] })
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == "true"
}

/// The number that a query of the database gives.
async fn number(app: &App, sql: &str) -> anyhow::Result<i64> {
    let sql = format!("SELECT CAST(({sql}) AS text)");
    let cells = app.database.look(&sql).await?;
    let cell = cells.into_iter().flatten().next();
    Ok(cell.context("no row")?.parse()?)
}

/// How many API keys have that name.
async fn keys_named(app: &App, name: &str) -> anyhow::Result<i64> {
    let sql = format!("SELECT COUNT(*) FROM api_key WHERE name = '{name}'");
    number(app, &sql).await
}
