//! Every mutation and every address that a principal may not use leaves its denial.

use std::collections::BTreeSet;

use anyhow::ensure;
use entity::{ApiKeyId, FileId, MemberId, TenantId, UploadId, VerificationId};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use tests::{
    Answer, App, Client, Stack,
    client::{mutation, text},
    schema::blank_input,
    wait,
};

use super::tenant_mutations;

/// What anybody may do: there is no principal yet, or only the own session is meant.
const FREE: [&str; 4] = ["login", "logout", "invitationAccept", "sessionTenantSelect"];

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn every_mutation_and_address_leaves_its_denial(#[case] stack: Stack) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let schema = app.key().schema("/graphql").await?;
    // Also says which action belongs to which mutation, and fails when one is missing.
    let done = tenant_mutations::all(&app).await?;
    let input = json!({ "name": "hardly anything", "scopes": ["USAGE_READ"] });
    let owner = app.owner().await?;
    let made = owner.mutate("apiKeyCreate", input, "secret").await?;
    let key = app.client(&text(&made, "/secret")?);
    let mut expected = BTreeSet::new();
    for one in done.iter().filter(|one| !FREE.contains(&one.mutation)) {
        let input = blank_input(&schema, one.mutation, some_id);
        let (query, variables) = mutation(one.mutation, input, "auditEvent { id }");
        let answer = key.graphql(&query, variables).await?;
        ensure!(
            answer.code() == "FORBIDDEN",
            "{}: {}",
            one.mutation,
            answer.text()
        );
        expected.insert(one.action.to_owned());
    }
    for (request, action) in addresses(&key) {
        let answer = Answer::of(request.send().await?).await?;
        ensure!(answer.code() == "FORBIDDEN", "{action}: {}", answer.text());
        expected.insert(action.to_owned());
    }
    // What is left of the minute is written before the process ends.
    ensure!(app.terminate().await?, "not ended cleanly: {}", app.log());
    app.launch().await?;
    let denied =
        "SELECT action FROM audit_entry WHERE outcome = 'denied' AND actor_type = 'api_key'";
    wait::until("nothing waits for the sequencer", 30, || async {
        let waiting = app.database.look("SELECT 'one' FROM audit_outbox").await?;
        Ok(waiting.is_empty())
    })
    .await?;
    let denied = app.database.look(denied).await?;
    let denied: BTreeSet<String> = denied.into_iter().flatten().collect();
    assert_eq!(denied, expected, "{}", app.log());
    app.close().await
}

fn addresses(key: &Client) -> [(reqwest::RequestBuilder, &'static str); 3] {
    let file = format!("/v1/files/{}", FileId::generate());
    let put = key.request(Method::PUT, "/v1/files/workspace/doc/o/a.txt");
    [
        (put.body("a file"), "file.upload"),
        (key.request(Method::GET, &file), "file.read"),
        (key.request(Method::GET, "/v1/audit/verify"), "audit.verify"),
    ]
}

/// An id that is nobody's, of the kind that the field's name says.
fn some_id(field: &str) -> String {
    match field {
        "uploadId" => UploadId::generate().to_string(),
        "memberId" => MemberId::generate().to_string(),
        "tenantId" => TenantId::generate().to_string(),
        "verificationId" => VerificationId::generate().to_string(),
        "apiKeyId" | "keyId" => ApiKeyId::generate().to_string(),
        _ => FileId::generate().to_string(),
    }
}
