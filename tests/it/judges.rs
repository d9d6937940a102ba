//! Judges nobody here wrote: graphql-http's audits, boto3, curl, promtool.

use std::path::Path;

use anyhow::{Context as _, ensure};
use rstest::rstest;
use serde_json::json;
use tests::{App, Stack, client::text, file::sha256_hex};
use tokio::process::Command;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Runs a command; its output when it succeeds.
async fn judge(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .await
        .with_context(|| format!("{command:?} does not start; run `make setup`"))?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(output.status.success(), "{text}");
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn judge_graphql_http_finds_no_error_and_no_warning() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let out = judge(
        Command::new("node")
            .arg(root().join("tests/judges/graphql_http.mjs"))
            .arg(format!("{}/graphql", app.url()))
            .arg(&app.first_run.api_key),
    )
    .await?;
    ensure!(out.contains(" 0 warnings, 0 errors"), "{out}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn judge_promtool_accepts_the_metrics() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    app.key().put_text("a.txt", "measured").await?;
    app.key()
        .data("{ viewer { tenant { id } } }", json!({}))
        .await?;
    let metrics = app.anonymous().get("/metrics").await?;
    ensure!(
        metrics.status == 200 && !metrics.body.is_empty(),
        "{}",
        metrics.status
    );
    let file = app.dir().join("metrics.txt");
    std::fs::write(&file, &metrics.body)?;
    let out = judge(
        Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(std::fs::File::open(&file)?),
    )
    .await?;
    ensure!(out.trim().is_empty(), "{out}");
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn judge_curl_uploads_and_downloads_by_presigned_url(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let key = app.key();
    let content = b"sent by curl, past the server\n".repeat(100);
    let source = app.dir().join("source.txt");
    std::fs::write(&source, &content)?;
    let created = key
        .mutate(
            "fileUploadCreate",
            json!({
                "system": "workspace", "objectType": "doc", "objectId": "curl", "filename": "source.txt",
                "mediaType": "text/plain", "byteLen": content.len().to_string(), "sha256": sha256_hex(&content),
            }),
            "upload { id url headers { name value } } file { id }",
        )
        .await?;
    let mut put = Command::new("curl");
    put.args(["-sS", "--fail-with-body", "-T"]).arg(&source);
    for header in created
        .pointer("/upload/headers")
        .and_then(|h| h.as_array())
        .into_iter()
        .flatten()
    {
        put.args([
            "-H",
            &format!("{}: {}", text(header, "/name")?, text(header, "/value")?),
        ]);
    }
    judge(put.arg(text(&created, "/upload/url")?)).await?;
    let upload = text(&created, "/upload/id")?;
    key.mutate(
        "fileUploadComplete",
        json!({ "uploadId": upload }),
        "file { id }",
    )
    .await?;
    let file = text(&created, "/file/id")?;
    key.until_state(&file, "READY").await?;
    let target = app.dir().join("target.txt");
    judge(
        Command::new("curl")
            .args(["-sS", "--fail-with-body", "-o"])
            .arg(&target)
            .arg(key.link(&file).await?),
    )
    .await?;
    ensure!(std::fs::read(&target)? == content, "other bytes came back");
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn judge_python_sends_and_fetches_what_boto3_would_sign(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let out = judge(
        Command::new(root().join("target/judges/bin/python"))
            .arg(root().join("tests/judges/presigned.py"))
            .arg(app.url())
            .arg(&app.first_run.api_key),
    )
    .await?;
    ensure!(out.contains("presigned: ok"), "{out}");
    app.close().await
}
