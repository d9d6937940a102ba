//! An invitation's token opens one membership, and tells its holder nothing else.

use anyhow::ensure;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{
    Answer, App, Client, Stack,
    client::{mutation, text},
    wait,
};

use super::PASSWORD;

const KNOWN: &str = "known@example.com";
const UNKNOWN: &str = "unknown@example.com";

/// What makes no member of anybody.
const TRIES: [(Option<&str>, &str); 4] = [
    (None, "not the password of anybody"),
    (Some("  "), "not the password of anybody"),
    (Some("Somebody"), "short"),
    (Some("Some\u{7}body"), "not the password of anybody"),
];

/// Somebody with an account and no membership here.
async fn make_known(app: &App) -> anyhow::Result<()> {
    let input = json!({
        "slug": "other", "name": "Other", "tier": "FREE", "ownerEmail": KNOWN, "ownerPassword": PASSWORD,
    });
    let (query, variables) = mutation("tenantCreate", input, "tenant { id }");
    let operator = app.operator().await?;
    let made = operator.operator_data(&query, variables).await?;
    ensure!(made["tenantCreate"]["userErrors"] == json!([]), "{made}");
    Ok(())
}

async fn invite(owner: &Client, email: &str) -> anyhow::Result<String> {
    let input = json!({ "email": email, "role": "VIEWER" });
    let invited = owner.mutate("memberInvite", input, "invitation { token }");
    text(&invited.await?, "/invitation/token")
}

async fn accept(
    app: &App,
    token: &str,
    name: Option<&str>,
    password: &str,
) -> anyhow::Result<Answer> {
    let input = json!({ "token": token, "name": name, "password": password });
    let (query, variables) = mutation("invitationAccept", input, "member { id }");
    app.anonymous().graphql(&query, variables).await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_not_tell_who_has_an_account(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    make_known(&app).await?;
    let owner = app.owner().await?;
    let tokens = [invite(&owner, KNOWN).await?, invite(&owner, UNKNOWN).await?];
    for (name, password) in TRIES {
        let known = accept(&app, &tokens[0], name, password).await?;
        let unknown = accept(&app, &tokens[1], name, password).await?;
        ensure!(known.status == 200, "{}", known.text());
        assert_eq!(
            (known.status, known.text()),
            (unknown.status, unknown.text())
        );
    }
    for (token, name) in [(&tokens[0], None), (&tokens[1], Some("Somebody"))] {
        let joined = accept(&app, token, name, PASSWORD).await?;
        ensure!(joined.text().contains("mem_"), "{}", joined.text());
    }
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_recorded_and_counted(#[case] stack: Stack) -> anyhow::Result<()> {
    let few = [("STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE", "2")];
    let app = App::start_with(stack, &few).await?.sticky();
    make_known(&app).await?;
    let token = invite(&app.owner().await?, KNOWN).await?;
    for _ in 0..2 {
        let wrong = accept(&app, &token, None, "not the password of anybody").await?;
        let body: Value = wrong.json()?;
        let code = &body["data"]["invitationAccept"]["userErrors"][0]["code"];
        assert_eq!(code, "INVALID_CREDENTIALS", "{body}");
    }
    let held = accept(&app, &token, None, PASSWORD).await?;
    assert_eq!(
        (held.status.as_u16(), held.code().as_str()),
        (429, "RATE_LIMITED")
    );
    let sql = "SELECT CAST(count(*) AS text) FROM audit_entry \
               WHERE action = 'session.login' AND outcome = 'failure'";
    wait::until("both are in the system log", 30, || async {
        Ok(app.database.look(sql).await? == [Some("2".to_owned())])
    })
    .await?;
    app.close().await
}
