//! Evidence as an auditor gets it: asked for, fetched through a link, judged by programs that know the server
//! not at all.

mod bundle;
mod life;
mod tamper;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{App, Client, Stack, client::text, file::sha256_hex, process, wait};

use bundle::Bundle;

const EXPORT: &str = "id state progress format fromSeq toSeq includesDisclosures sizeBytes sha256 receipt \
                      verdict reason requestedBy { type } createdAt finishedAt expiresAt";

/// Asks for an export and waits until it has ended.
async fn export(client: &Client, input: Value) -> anyhow::Result<Value> {
    let asked = client
        .mutate(
            "auditExportCreate",
            input,
            "export { id } auditEvent { id }",
        )
        .await?;
    let id = text(&asked, "/export/id")?;
    wait::until_some("the export has ended", 120, || async {
        let found = look(client, &id).await?;
        let is_over = !["PENDING", "RUNNING"].contains(&text(&found, "/state")?.as_str());
        Ok(is_over.then_some(found))
    })
    .await
}

async fn look(client: &Client, id: &str) -> anyhow::Result<Value> {
    let query =
        format!("query($x: ID!) {{ node(id: $x) {{ ... on AuditExport {{ {EXPORT} }} }} }}");
    let data = client.data(&query, json!({ "x": id })).await?;
    Ok(data["node"].clone())
}

async fn link(client: &Client, id: &str) -> anyhow::Result<Option<String>> {
    let query =
        "query($x: ID!) { node(id: $x) { ... on AuditExport { downloadUrl(expiresIn: 60) } } }";
    let data = client.data(query, json!({ "x": id })).await?;
    Ok(data["node"]["downloadUrl"].as_str().map(str::to_owned))
}

/// Fetches the file of an export that is done, and compares it with what is said of it.
async fn fetch(app: &App, client: &Client, export: &Value, name: &str) -> anyhow::Result<PathBuf> {
    ensure!(export["state"] == "DONE", "{export}");
    let id = text(export, "/id")?;
    let link = link(client, &id).await?.context("no link")?;
    let answer = app.anonymous().download(&link).await?;
    ensure!(answer.status == 200, "{}", answer.text());
    ensure!(
        sha256_hex(&answer.body) == text(export, "/sha256")?,
        "another hash"
    );
    ensure!(
        answer.body.len().to_string() == text(export, "/sizeBytes")?,
        "another length"
    );
    let disposition = answer.header("content-disposition");
    ensure!(disposition.contains(&id), "{disposition}");
    let path = app.dir().join(name);
    std::fs::write(&path, &answer.body)?;
    Ok(path)
}

async fn public_key(client: &Client) -> anyhow::Result<String> {
    let query = "{ viewer { tenant { auditChain { publicKey } } } }";
    let data = client.data(query, json!({})).await?;
    text(&data, "/viewer/tenant/auditChain/publicKey")
}

/// Uploads, refusals and a new key.
async fn live(app: &mut App) -> anyhow::Result<()> {
    let owner = app.owner().await?;
    let input = json!({ "name": "reader", "scopes": ["FILES_READ"] });
    let made = owner.mutate("apiKeyCreate", input, "secret").await?;
    let reader = app.client(&text(&made, "/secret")?);
    for n in 0..4 {
        let file = app.key().put_text(&format!("{n}.txt"), "kept").await?;
        let query = "mutation($id: ID!) { fileTrash(input: { fileId: $id }) { file { id } } }";
        let refused = reader.graphql(query, json!({ "id": file["id"] })).await?;
        ensure!(refused.code() == "FORBIDDEN", "{}", refused.text());
    }
    let tenant = app.first_run.tenant_id.clone();
    let arguments = ["audit", "rotate-key", "--tenant", &tenant];
    let (done, _, error) = process::run(&arguments, app.environment()).await?;
    ensure!(done, "{error}");
    // What is left of the minute's refusals is written before the process ends.
    app.terminate().await?;
    app.launch().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_from_a_link_is_judged_intact_and_any_tampering_is_named(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let oldest = public_key(&app.owner().await?).await?;
    live(&mut app).await?;
    let owner = app.owner().await?;
    let newest = public_key(&owner).await?;
    ensure!(oldest != newest, "the key was not replaced");
    let input = json!({ "format": "BUNDLE", "includeDisclosures": true });
    let done = export(&owner, input).await?;
    assert_eq!(done["verdict"], "INTACT");
    let archive = fetch(&app, &owner, &done, "bundle.tar.zst").await?;
    let unpacked = Bundle::unpack(&archive, &app.dir().join("bundle")).await?;
    for key in [&oldest, &newest] {
        for place in [archive.as_path(), unpacked.path()] {
            let (code, report) = bundle::verify(place, key).await?;
            assert_eq!(
                (code, &report["verdict"]),
                (0, &json!("INTACT")),
                "{report}"
            );
            assert_eq!(report["assurance"], "A1");
            assert_eq!(report["disclosures"], "all");
        }
        let (code, out) = unpacked.verify_by_script(key).await?;
        assert!(code == 0 && out.contains("INTACT"), "{out}");
    }
    assert_eq!(
        std::fs::read_to_string(unpacked.path().join("checkpoint"))?,
        text(&done, "/receipt")?
    );
    let entries = String::from_utf8_lossy(&unpacked.entries()?).into_owned();
    for told in [
        "file.upload",
        "\"outcome\":\"denied\"",
        "audit.key",
        "audit.export",
    ] {
        ensure!(entries.contains(told), "no {told} in the bundle");
    }
    tamper::twenty_times(&unpacked, &newest).await?;
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn other_formats_and_the_command_line_give_the_same_entries(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    app.key()
        .put_text("=1+1.txt", "a name to calculate")
        .await?;
    let owner = app.owner().await?;
    let done = export(
        &owner,
        json!({ "format": "CSV", "includeDisclosures": true }),
    )
    .await?;
    let table = std::fs::read_to_string(fetch(&app, &owner, &done, "log.csv").await?)?;
    let records: Vec<&str> = table.split_terminator("\r\n").collect();
    let (from, to) = (text(&done, "/fromSeq")?, text(&done, "/toSeq")?);
    assert_eq!((from.as_str(), records.len() - 1), ("0", to.parse()?));
    let done = export(
        &owner,
        json!({ "format": "OCSF", "fromSeq": "1", "toSeq": "3" }),
    )
    .await?;
    let events = fetch(&app, &owner, &done, "log.ndjson.zst").await?;
    let events = bundle::unzstd(&events).await?;
    assert_eq!(events.lines().count(), 2, "{events}");
    let first: Value = serde_json::from_str(events.lines().next().unwrap_or_default())?;
    let raw: Value = serde_json::from_str(&text(&first, "/raw_data")?)?;
    assert_eq!(raw["seq"], 1);
    let key = public_key(&owner).await?;
    let tenant = app.first_run.tenant_id.as_str();
    for name in ["cli.tar.zst", "cli"] {
        let out = app.dir().join(name);
        let written = command_line(&app, tenant, &out).await?;
        assert_eq!(written["verdict"], "INTACT");
        let (code, report) = bundle::verify(&out, &key).await?;
        assert_eq!(
            (code, &report["verdict"]),
            (0, &json!("INTACT")),
            "{report}"
        );
        assert_eq!(report["disclosures"], "none");
        let again = command_line(&app, tenant, &out).await;
        assert!(again.is_err(), "it was written over");
    }
    app.close().await
}

async fn command_line(app: &App, tenant: &str, out: &Path) -> anyhow::Result<Value> {
    let out = out.display().to_string();
    let arguments = [
        "audit", "export", "--tenant", tenant, "--out", &out, "--json",
    ];
    let (done, written, error) = process::run(&arguments, app.environment()).await?;
    ensure!(done, "{error}");
    Ok(serde_json::from_str(&written)?)
}
