//! The main job: upload, query, signed link, verification.

use rstest::rstest;
use serde_json::json;
use tests::{App, Stack, client::text, file::sha256_hex};

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_uploaded_queried_served_and_the_chain_verifies(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let key = app.key();

    let content = "# Hello\n\nA real file.\n".repeat(1000);
    let file = key.put_text("hello.md", &content).await?;
    assert_eq!(file["state"], "READY");
    assert_eq!(file["sha256"], sha256_hex(content.as_bytes()));

    let data = app
        .owner()
        .await?
        .data(
            "{ viewer { tenant { files(first: 5) { nodes { id filename byteLen createdBy { type } } } } } }",
            json!({}),
        )
        .await?;
    let listed = data
        .pointer("/viewer/tenant/files/nodes/0")
        .cloned()
        .unwrap_or_default();
    assert_eq!(listed["id"], file["id"]);
    assert_eq!(listed["byteLen"], content.len().to_string());
    assert_eq!(listed["createdBy"]["type"], "API_KEY");

    let link = key.link(&text(&file, "/id")?).await?;
    let download = key.download(&link).await?;
    assert_eq!(download.status, 200);
    assert_eq!(sha256_hex(&download.body), sha256_hex(content.as_bytes()));

    let verified = key.get("/v1/audit/verify?full=true").await?;
    assert_eq!(verified.status, 200, "{}", verified.text());
    assert_eq!(verified.json()?["verdict"], "INTACT");
    app.close().await
}
