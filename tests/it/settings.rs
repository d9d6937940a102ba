//! What a tenant sets holds where it matters.

use anyhow::ensure;
use rstest::rstest;
use serde_json::json;
use tests::{App, Stack, client::text};

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_lives_as_long_as_the_tenant_says_unless_the_request_does(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let input = json!({ "expectedVersion": 1, "linkTtlSeconds": 120 });
    let set = owner
        .mutate("tenantSettingsUpdate", input, "settings { version }")
        .await?;
    ensure!(set["settings"]["version"] == 2, "{set}");
    let file = text(&owner.put_text("kept.txt", "kept").await?, "/id")?;
    for (asked, lives) in [(None, "120"), (Some(60), "60")] {
        let input = json!({ "fileId": file, "expiresIn": asked });
        let made = owner
            .mutate("fileSignedUrlCreate", input, "signedUrl { url }")
            .await?;
        let url = text(&made, "/signedUrl/url")?;
        ensure!(url.contains(&format!("X-Amz-Expires={lives}&")), "{url}");
    }
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_with_their_scope_and_contacts_by_managers(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let contact = json!({ "name": "Ana", "email": "ana@example.com" });
    let input = json!({ "expectedVersion": 1, "contact": contact });
    owner
        .mutate("tenantUpdate", input, "tenant { version }")
        .await?;
    let query = "{ viewer { tenant { settings { timeZone } contact { email } } } }";
    for (scope, may) in [("SETTINGS_READ", true), ("FILES_READ", false)] {
        let input = json!({ "name": "reader", "scopes": [scope] });
        let made = owner.mutate("apiKeyCreate", input, "secret").await?;
        let reader = app.client(&text(&made, "/secret")?);
        let answer = reader.graphql(query, json!({})).await?;
        let told = answer.text().contains("ana@example.com") && answer.text().contains("UTC");
        ensure!(told == may, "{scope}: {}", answer.text());
        ensure!(may || answer.code() == "FORBIDDEN", "{}", answer.text());
    }
    app.close().await
}
