//! What becomes of an export when its worker dies, when it is asked for twice, and when its time is over.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use rstest::rstest;
use serde_json::json;
use tests::{App, Stack, client::text, wait};

use super::{export, fetch, link, look};

async fn files(app: &App) -> anyhow::Result<BTreeSet<String>> {
    let keys = app.objects()?.keys().await?;
    Ok(keys
        .into_iter()
        .filter(|key| key.starts_with("exports/"))
        .collect())
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_replaced_and_leaves_no_object(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let owner = app.owner().await?;
    let done = export(&owner, json!({ "format": "BUNDLE" })).await?;
    let id = text(&done, "/id")?;
    assert_eq!(files(&app).await?.len(), 1);
    app.kill().await?;
    // As a worker leaves it that dies between the last byte of its object and its commit.
    for sql in [
        "UPDATE audit_export SET state = 'RUNNING', end_seq = NULL, object_key = NULL, byte_len = NULL, \
         sha256 = NULL, finished_at = NULL, expires_at = NULL",
        "UPDATE job SET state = 'running', lease_until = created_at WHERE kind = 'audit.export'",
    ] {
        app.database.tamper(sql).await?;
    }
    app.launch().await?;
    let owner = app.owner().await?;
    wait::until("another worker has made it", 60, || async {
        Ok(look(&owner, &id).await?["state"] == "DONE")
    })
    .await
    .with_context(|| app.log())?;
    let left = files(&app).await?;
    ensure!(
        left.len() == 1 && left.iter().all(|key| key.ends_with("/2")),
        "{left:?}"
    );
    let unfinished = app.objects()?.multiparts().await?;
    ensure!(
        !unfinished.iter().any(|key| key.starts_with("exports/")),
        "{unfinished:?}"
    );
    let again = look(&owner, &id).await?;
    fetch(&app, &owner, &again, "again.tar.zst").await?;
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_removed_when_its_time_is_over(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start_with(stack, &[("STRONGROOM_SWEEP_INTERVAL", "1s")]).await?;
    let owner = app.owner().await?;
    let done = export(&owner, json!({ "format": "OCSF" })).await?;
    let id = text(&done, "/id")?;
    ensure!(link(&owner, &id).await?.is_some(), "no link");
    app.database
        .tamper("UPDATE audit_export SET expires_at = created_at")
        .await?;
    wait::until("it is removed", 60, || async {
        Ok(look(&owner, &id).await?["state"] == "EXPIRED")
    })
    .await?;
    assert_eq!(files(&app).await?, BTreeSet::new());
    assert_eq!(link(&owner, &id).await?, None);
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_export_is_refused_and_disclosures_take_a_person(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let input = json!({ "name": "auditor", "scopes": ["AUDIT_READ"] });
    let made = owner.mutate("apiKeyCreate", input, "secret").await?;
    let key = app.client(&text(&made, "/secret")?);
    let query = "mutation { auditExportCreate(input: { format: CSV, includeDisclosures: true }) \
                 { export { id } } }";
    let refused = key.graphql(query, json!({})).await?;
    ensure!(refused.code() == "FORBIDDEN", "{}", refused.text());
    let input = json!({ "format": "BUNDLE" });
    let first = key
        .mutate("auditExportCreate", input.clone(), "export { id }")
        .await?;
    let selection = "export { id } userErrors { code message }";
    let second = key
        .try_mutate("auditExportCreate", input, selection)
        .await?;
    let id = text(&first, "/export/id")?;
    assert_eq!(second["userErrors"][0]["code"], "INVALID_STATE");
    ensure!(
        text(&second, "/userErrors/0/message")?.contains(&id),
        "{second}"
    );
    let input = json!({ "format": "BUNDLE", "fromSeq": "1" });
    let odd = key
        .try_mutate("auditExportCreate", input, "userErrors { code path }")
        .await?;
    assert_eq!(odd["userErrors"][0]["code"], "INVALID");
    assert_eq!(odd["userErrors"][0]["path"], json!(["input", "fromSeq"]));
    app.close().await
}
