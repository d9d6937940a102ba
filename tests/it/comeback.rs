//! What a removal ends stays ended, and nobody inherits what is meant for somebody else.

use anyhow::ensure;
use rstest::rstest;
use serde_json::json;
use tests::{
    App, Client, Stack,
    client::{mutation, text},
};

const PASSWORD: &str = "a password long enough";

/// Invites somebody and accepts for them; returns the membership and the signed-in client.
async fn join(app: &App, by: &Client, email: &str, role: &str) -> anyhow::Result<(String, Client)> {
    let input = json!({ "email": email, "role": role });
    let invited = by
        .mutate("memberInvite", input, "invitation { token }")
        .await?;
    let input = json!({ "token": text(&invited, "/invitation/token")?, "name": "Somebody", "password": PASSWORD });
    let joined = app
        .anonymous()
        .mutate("invitationAccept", input, "member { id }")
        .await?;
    let token = app.anonymous().login(email, PASSWORD).await?;
    Ok((text(&joined, "/member/id")?, app.client(&token)))
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn coming_back_brings_back_no_key_no_session_and_no_invitation(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let (member, admin) = join(&app, &owner, "admin@example.com", "ADMIN").await?;
    let key = admin
        .mutate(
            "apiKeyCreate",
            json!({ "name": "left behind", "scopes": ["FILES_READ"] }),
            "secret",
        )
        .await?;
    let key = app.client(&text(&key, "/secret")?);
    let back_door = admin
        .mutate(
            "memberInvite",
            json!({ "email": "later@example.com", "role": "ADMIN" }),
            "invitation { token }",
        )
        .await?;
    owner
        .mutate(
            "memberRemove",
            json!({ "memberId": member }),
            "member { id }",
        )
        .await?;

    let input = json!({ "token": text(&back_door, "/invitation/token")?, "name": "Later", "password": PASSWORD });
    let refused = app
        .anonymous()
        .try_mutate("invitationAccept", input, "member { id }")
        .await?;
    assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND");

    let (again, _) = join(&app, &owner, "admin@example.com", "ADMIN").await?;
    assert_eq!(
        again, member,
        "the membership is revived, so its old keys could be"
    );
    assert_eq!(
        key.graphql("{ viewer { tenant { id } } }", json!({}))
            .await?
            .status,
        401
    );
    let old = admin
        .graphql("{ viewer { tenant { id } } }", json!({}))
        .await?;
    ensure!(
        !old.text().contains("tnt_"),
        "the old session is in the tenant: {}",
        old.text()
    );
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_made_by_a_stranger_does_not_become_owner() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let owner = app.owner().await?;
    join(&app, &owner, "ceo@bigcorp.example", "VIEWER").await?;
    let operator = app.operator().await?;
    let create = async |slug: &str, password: &str| {
        let input = json!({
            "slug": slug, "name": "Big", "tier": "FREE",
            "ownerEmail": "ceo@bigcorp.example", "ownerPassword": password,
        });
        let (query, variables) = mutation("tenantCreate", input, "tenant { id status }");
        operator.operator_data(&query, variables).await
    };
    let refused = create("bigcorp", "chosen by the operator").await?;
    assert_eq!(
        refused.pointer("/tenantCreate/userErrors/0"),
        Some(&json!({
            "code": "ALREADY_EXISTS", "path": ["input", "ownerEmail"],
            "message": "an account with this e-mail address exists; give its own password, or another address",
        }))
    );
    let made = create("bigcorp", PASSWORD).await?;
    assert_eq!(
        made.pointer("/tenantCreate/tenant/status"),
        Some(&json!("PENDING"))
    );
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn an_activated_tenant_is_open_at_once(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let operator = app.operator().await?;
    let input = json!({
        "slug": "fresh", "name": "Fresh", "tier": "FREE",
        "ownerEmail": "fresh@example.com", "ownerPassword": PASSWORD,
    });
    let (query, variables) = mutation("tenantCreate", input, "tenant { id }");
    let made = operator.operator_data(&query, variables).await?;
    let id = text(&made, "/tenantCreate/tenant/id")?;
    let token = app.anonymous().login("fresh@example.com", PASSWORD).await?;
    let owner = app.client(&token);
    let files = "{ viewer { tenant { files(first: 1) { nodes { id } } } } }";
    let pending = owner.graphql(files, json!({})).await?;
    assert_eq!(pending.code(), "TENANT_SUSPENDED", "{}", pending.text());
    for step in ["tenantActivate", "tenantSuspend", "tenantRestore"] {
        let input = json!({ "tenantId": id, "reason": "the test" });
        let (query, variables) = mutation(step, input, "tenant { status }");
        operator.operator_data(&query, variables).await?;
        if step != "tenantSuspend" {
            owner.data(files, json!({})).await?;
        }
    }
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_variable_and_a_misspelled_parameter_are_the_clients_errors()
-> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let query = "query($id: ID!) { node(id: $id) { id } }";
    let forgotten = app.key().graphql(query, json!({})).await?;
    assert_eq!(
        forgotten.code(),
        "GRAPHQL_VALIDATION_FAILED",
        "{}",
        forgotten.text()
    );
    let misspelled = app.key().get("/v1/audit/verify?ful=true").await?;
    assert_eq!(misspelled.status, 400, "{}", misspelled.text());
    app.close().await
}
