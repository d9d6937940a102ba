//! A suspended tenant is refused everywhere, and its people still find out why.

use anyhow::ensure;
use rstest::rstest;
use serde_json::json;
use tests::{App, Client, Stack, client::mutation, wait};

const FILES: &str = "{ viewer { tenant { files(first: 1) { nodes { id } } } } }";
const VIEWER: &str = "{ viewer { tenant { id status } memberships { id } } }";

async fn move_tenant(app: &App, operator: &Client, step: &str) -> anyhow::Result<()> {
    let input = json!({ "tenantId": app.first_run.tenant_id, "reason": "as the test says" });
    let (query, variables) = mutation(step, input, "tenant { status }");
    let data = operator.operator_data(&query, variables).await?;
    ensure!(data[step]["userErrors"] == json!([]), "{data}");
    Ok(())
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_tenant_is_refused_within_a_second_and_comes_back(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let (owner, key, operator) = (app.owner().await?, app.key(), app.operator().await?);
    let file = key.put_text("kept.txt", "kept").await?;
    key.data(FILES, json!({})).await?;
    move_tenant(&app, &operator, "tenantSuspend").await?;
    wait::until("every replica refuses the key", 1, || async {
        let answers = [
            key.graphql(VIEWER, json!({})).await?,
            key.graphql(VIEWER, json!({})).await?,
        ];
        Ok(answers
            .iter()
            .all(|answer| answer.status == 403 && answer.code() == "TENANT_SUSPENDED"))
    })
    .await?;
    let put = key.put("workspace/doc/o/late.txt", "late").await?;
    assert_eq!(
        (put.status.as_u16(), put.code().as_str()),
        (403, "TENANT_SUSPENDED")
    );
    assert_eq!(
        key.get("/v1/audit/verify").await?.code(),
        "TENANT_SUSPENDED"
    );
    let files = owner.graphql(FILES, json!({})).await?;
    assert_eq!(files.code(), "TENANT_SUSPENDED", "{}", files.text());
    let trash = json!({ "fileId": file["id"] });
    assert_eq!(
        super::code_of(&owner, "fileTrash", trash).await?,
        "TENANT_SUSPENDED"
    );
    // Signing in, looking around, choosing and leaving go on.
    let again = app.owner().await?;
    let viewer = again.data(VIEWER, json!({})).await?;
    assert_eq!(viewer["viewer"]["tenant"]["status"], "SUSPENDED");
    assert_eq!(
        viewer["viewer"]["memberships"].as_array().map(Vec::len),
        Some(1)
    );
    let select = json!({ "tenantId": app.first_run.tenant_id });
    let code = super::code_of(&again, "sessionTenantSelect", select).await?;
    ensure!(code.is_empty(), "selecting a tenant: {code}");
    again
        .data("mutation { logout { userErrors { code } } }", json!({}))
        .await?;
    move_tenant(&app, &operator, "tenantRestore").await?;
    wait::until("the key works again", 2, || async {
        Ok(key.graphql(FILES, json!({})).await?.status == 200)
    })
    .await?;
    app.close().await
}
