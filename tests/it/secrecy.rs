//! What is personal or secret stays where it belongs: never in an entry, a log line, a figure or an error.

use std::collections::BTreeMap;

use anyhow::ensure;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use tests::{Answer, App, Client, Neighbour, Stack, client::text, wait};

const CARD: &str = "4111-1111-1111-1111";
const EMAIL: &str = "jane.canary@example.com";
const PASSWORD: &str = "a password nobody may read";

/// Values by what they are.
type Values = BTreeMap<&'static str, String>;

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn personal_and_secret_values_are_in_no_entry_log_line_figure_or_error(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let loud = [
        ("STRONGROOM_LOG", "debug"),
        ("STRONGROOM_LOG_FORMAT", "json"),
    ];
    let app = App::start_with(stack, &loud).await?;
    let neighbour = Neighbour::move_in(&app).await?;
    let mut values = secrets(&app, &neighbour);
    let refused = provoke(&app, &mut values).await?;
    for name in [
        "canary-one.txt",
        "canary-object",
        "canary-key",
        "canary-owner@",
    ] {
        values.insert(name, name.to_owned());
    }
    wait::until("nothing waits for the sequencer", 30, || async {
        let waiting = app.database.look("SELECT 'one' FROM audit_outbox").await?;
        Ok(waiting.is_empty())
    })
    .await?;
    let entries = if stack == Stack::Sqlite {
        "SELECT CAST(raw AS text) FROM audit_entry"
    } else {
        "SELECT convert_from(raw, 'UTF8') FROM audit_entry"
    };
    let entries: Vec<String> = app
        .database
        .look(entries)
        .await?
        .into_iter()
        .flatten()
        .collect();
    ensure!(entries.len() > 20, "hardly anything was recorded");
    let figures = app.anonymous().get("/metrics").await?.text();
    ensure!(figures.contains("# TYPE"), "no figures: {figures}");
    let log = app.log();
    ensure!(log.contains("DEBUG"), "the log is not loud");
    for (what, place) in [
        ("the entries", &entries.join("\n")),
        ("the log", &log),
        ("the figures", &figures),
        ("the errors", &refused.join("\n")),
    ] {
        for (name, value) in &values {
            let found = place.lines().find(|line| line.contains(value.as_str()));
            assert_eq!(found, None, "{name} is in {what}");
        }
    }
    app.close().await
}

/// What the deployment itself has given out.
fn secrets(app: &App, neighbour: &Neighbour) -> Values {
    let first = &app.first_run;
    let own = [
        ("the first key", first.api_key.clone()),
        ("the owner's password", first.owner_password.clone()),
        ("the operator's password", first.operator_password.clone()),
        ("the owner's address", first.owner_email.clone()),
        ("the operator's address", first.operator_email.clone()),
        ("a spent invitation", neighbour.spent_token.clone()),
        (
            "a session",
            neighbour.owner.token().unwrap_or_default().to_owned(),
        ),
        ("a card number", CARD.to_owned()),
        ("an address", EMAIL.to_owned()),
        ("a password", PASSWORD.to_owned()),
    ];
    own.into_iter().collect()
}

/// Puts the values everywhere a client can put them, right and wrong; returns what was answered to the wrong.
async fn provoke(app: &App, values: &mut Values) -> anyhow::Result<Vec<String>> {
    let owner = app.owner().await?;
    let input = json!({ "name": CARD, "scopes": ["FILES_READ"] });
    let made = owner
        .mutate("apiKeyCreate", input, "apiKey { id } secret")
        .await?;
    let secret = text(&made, "/secret")?;
    let invitation = json!({ "email": EMAIL, "role": "MEMBER" });
    let invited = owner
        .mutate("memberInvite", invitation, "invitation { token }")
        .await?;
    let token = text(&invited, "/invitation/token")?;
    let accepted = json!({ "token": token, "name": CARD, "password": PASSWORD });
    app.anonymous()
        .mutate("invitationAccept", accepted, "member { id }")
        .await?;
    let member = app.anonymous().login(EMAIL, PASSWORD).await?;
    let path = format!("workspace/doc/{CARD}/{CARD}.txt");
    let sent = owner.put(&path, format!("{CARD} {EMAIL}")).await?;
    ensure!(sent.status == 201, "{}", sent.text());
    let file = text(&sent.json()?, "/id")?;
    let link = owner.link(&file).await?;
    let input = json!({ "fileId": file, "reason": format!("{EMAIL} asked") });
    owner.mutate("fileTrash", input, "file { id }").await?;
    let (body, last) = secret.split_at(secret.len() - 1);
    let forged = format!("{body}{}", if last == "x" { "y" } else { "x" });
    let refused = refusals(app, &app.client(&member), &forged).await?;
    let signature = link.split("X-Amz-Signature=").nth(1).unwrap_or_default();
    ensure!(signature.len() >= 64, "no signature in {link}");
    let more = [
        ("a key", secret),
        ("a forged key", forged),
        ("an invitation", token),
        ("a member's session", member),
        ("the signature of a link", signature.to_owned()),
    ];
    values.extend(more);
    Ok(refused)
}

/// Everything that is refused, with the values where they do not belong.
async fn refusals(app: &App, member: &Client, forged: &str) -> anyhow::Result<Vec<String>> {
    let anonymous = app.anonymous();
    let mut refused = Vec::new();
    let wrong =
        "mutation($i: LoginInput!) { login(input: $i) { token userErrors { code message } } }";
    let input = json!({ "i": { "email": EMAIL, "password": format!("not {PASSWORD}") } });
    refused.push(anonymous.graphql(wrong, input).await?);
    let operator = wrong
        .replace("LoginInput", "OperatorLoginInput")
        .replace("login(", "operatorLogin(");
    let input = json!({ "i": { "email": EMAIL, "password": PASSWORD } });
    refused.push(
        anonymous
            .graphql_at("/operator/graphql", &operator, input)
            .await?,
    );
    for client in [&app.client(forged), &app.client(CARD), &app.client(EMAIL)] {
        refused.push(
            client
                .graphql("{ viewer { tenant { id } } }", json!({}))
                .await?,
        );
        refused.push(client.get("/v1/audit/verify").await?);
    }
    for document in [
        format!("{{ node(id: \"{CARD}\") {{ id }} }}"),
        format!("mutation {{ fileTrash(input: {{ fileId: \"{EMAIL}\" }}) {{ file {{ id }} }} }}"),
        format!("{{ viewer(token: \"{forged}\") {{ id }} }}"),
        format!("{{ viewer {{ tenant {{ files(after: \"{CARD}\") {{ nodes {{ id }} }} }} }} }}"),
        format!("{{ a: \"{PASSWORD}\" "),
    ] {
        refused.push(member.graphql(&document, json!({})).await?);
    }
    let variable = "mutation($i: MemberInviteInput!) { memberInvite(input: $i) { invitation { id } userErrors { code message } } }";
    for input in [
        json!({ "i": { "email": EMAIL, "role": CARD } }),
        json!({ "i": { "email": [EMAIL], "role": "MEMBER" } }),
        json!({ "i": { "email": EMAIL, "role": "MEMBER", "note": PASSWORD } }),
        json!({ "i": { "email": EMAIL, "role": "OWNER" } }),
    ] {
        refused.push(member.graphql(variable, input).await?);
    }
    let put = |path: &str| member.request(Method::PUT, path).body(CARD);
    for request in [
        put(&format!("/v1/files/{CARD}/doc/o/a.txt")),
        put(&format!("/v1/files/workspace/doc/{CARD}/{EMAIL}.exe")),
        put("/v1/files/workspace/doc/o/a.txt").header("strongroom-replaces", CARD),
        put("/v1/files/workspace/doc/o/a.txt").header("content-digest", format!("sha-256={CARD}")),
        member.request(Method::GET, &format!("/v1/files/{CARD}")),
        member.request(Method::GET, &format!("/graphql?access_token={forged}")),
        member
            .request(Method::GET, "/v1/audit/verify")
            .header("traceparent", EMAIL),
        app.anonymous()
            .request(Method::GET, "/v1/audit/verify")
            .header("cookie", format!("strongroom_session={forged}"))
            .header("user-agent", EMAIL),
    ] {
        refused.push(Answer::of(request.send().await?).await?);
    }
    let is_refused = |answer: &&Answer| {
        let text = answer.text();
        !answer.code().is_empty() || text.contains("userErrors") || text.contains(":null")
    };
    let taken = refused.iter().find(|answer| !is_refused(answer));
    ensure!(taken.is_none(), "not refused: {taken:?}");
    Ok(refused.iter().map(Answer::text).collect())
}
