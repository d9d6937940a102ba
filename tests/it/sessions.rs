//! People and keys: signing in and out, cookies, invitations, roles, and refusal the moment a right ends.

mod cookie;
mod invitation;
mod keys;
mod roles;
mod suspension;

use anyhow::ensure;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, App, Client, Stack, client::text};

/// The password of everybody who is invited here.
const PASSWORD: &str = "long enough to be one";

/// Invites somebody, accepts, and signs them in.
async fn join(
    app: &App,
    owner: &Client,
    email: &str,
    role: &str,
) -> anyhow::Result<(Client, String)> {
    let input = json!({ "email": email, "role": role });
    let invited = owner
        .mutate("memberInvite", input, "invitation { token }")
        .await?;
    let token = text(&invited, "/invitation/token")?;
    let input = json!({ "token": token, "name": role, "password": PASSWORD });
    let joined = app
        .anonymous()
        .mutate("invitationAccept", input, "member { id role }")
        .await?;
    ensure!(joined["member"]["role"] == role, "{joined}");
    let session = app.anonymous().login(email, PASSWORD).await?;
    Ok((app.client(&session), text(&joined, "/member/id")?))
}

/// The code of a mutation's first user error, or of the request's.
async fn code_of(client: &Client, field: &str, input: Value) -> anyhow::Result<String> {
    let (query, variables) = tests::client::mutation(field, input, "");
    let answer = client.graphql(&query, variables).await?;
    let body = answer.json()?;
    let user = body.pointer(&format!("/data/{field}/userErrors/0/code"));
    Ok(user
        .and_then(Value::as_str)
        .map_or_else(|| answer.code(), str::to_owned))
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_works_from_login_to_logout(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?.sticky();
    let owner = app.owner().await?;
    let query =
        "{ viewer { principal { type } tenant { id } memberships { role tenant { id } } } }";
    let viewer = owner.data(query, json!({})).await?["viewer"].clone();
    assert_eq!(viewer["principal"]["type"], "USER");
    assert_eq!(
        viewer["tenant"]["id"], app.first_run.tenant_id,
        "the only tenant is selected"
    );
    assert_eq!(viewer["memberships"][0]["role"], "OWNER");
    owner
        .data("mutation { logout { userErrors { code } } }", json!({}))
        .await?;
    let after = owner.graphql(query, json!({})).await?;
    assert_eq!(
        (after.status.as_u16(), after.code().as_str()),
        (401, "UNAUTHENTICATED")
    );
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let query =
        "mutation($i: LoginInput!) { login(input: $i) { token userErrors { code message path } } }";
    let mut answers = Vec::new();
    for email in [
        app.first_run.owner_email.as_str(),
        "nobody@example.com",
        "no address",
    ] {
        let input = json!({ "i": { "email": email, "password": "not the password" } });
        let answer = app.anonymous().graphql(query, input).await?;
        ensure!(
            answer.text().contains("INVALID_CREDENTIALS"),
            "{}",
            answer.text()
        );
        answers.push((answer.status, answer.text()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // A known person's failure stands in the system log.
    let sql = "SELECT CAST(tenant_id AS text) FROM audit_entry WHERE action = 'session.login' \
               AND outcome = 'failure'";
    let logged = tests::wait::until_some("the failure is recorded", 20, || async {
        Ok(app.database.look(sql).await?.into_iter().flatten().next())
    });
    assert_eq!(logged.await?, "00000000-0000-0000-0000-000000000000");
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_keeps_an_owner_under_parallel_removals(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    let viewer = owner
        .data("{ viewer { principal { id } } }", json!({}))
        .await?;
    let mut members = vec![text(&viewer, "/viewer/principal/id")?];
    let mut owners = vec![owner.clone()];
    for n in 0..3 {
        let (client, member) =
            join(&app, &owner, &format!("owner{n}@example.com"), "OWNER").await?;
        owners.push(client);
        members.push(member);
    }
    let mut removals = tokio::task::JoinSet::new();
    for n in 0..20_usize {
        let client = owners[n % owners.len()].clone();
        let member = members[(n / owners.len() + n + 1) % members.len()].clone();
        removals.spawn(async move {
            code_of(&client, "memberRemove", json!({ "memberId": member })).await
        });
    }
    let codes: Vec<String> = removals
        .join_all()
        .await
        .into_iter()
        .collect::<anyhow::Result<_>>()?;
    let known = [
        "",
        "LAST_OWNER",
        "NOT_FOUND",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "NO_TENANT_SELECTED",
    ];
    ensure!(
        codes.iter().all(|code| known.contains(&code.as_str())),
        "{codes:?}"
    );
    let sql = "SELECT CAST(id AS text) FROM member WHERE role = 'owner' AND removed_at IS NULL";
    let left = app.database.look(sql).await?;
    ensure!(!left.is_empty(), "nobody is left: {codes:?}");
    let removed = codes.iter().filter(|code| code.is_empty()).count();
    assert_eq!(removed + left.len(), members.len(), "{codes:?}");
    // Whoever is left alone stays, whoever asks.
    for (client, member) in owners.iter().zip(&members) {
        let code = code_of(client, "memberRemove", json!({ "memberId": member })).await?;
        ensure!(
            left.len() > 1 || !code.is_empty(),
            "the last owner could leave"
        );
    }
    app.close().await
}

/// A request with a person's cookie and whatever headers a browser would add.
async fn with_cookie(app: &App, cookie: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let mut request = app
        .anonymous()
        .request(Method::POST, "/graphql")
        .header("cookie", cookie)
        .json(&json!({ "query": "{ viewer { tenant { id } } }" }));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await?).await
}
