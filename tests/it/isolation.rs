//! A tenant's id, cursor or token is worth nothing to another tenant, and tells it nothing.
//!
//! The schema itself says which arguments there are: one without a foreign-tenant case is an error.

mod cases;
mod rows;
mod walls;

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, App, Client, Neighbour, Stack, neighbour::CANARY, schema::references, wait};

use cases::{CASES, Call, Case, Kind, REST};
use rows::Rows;

/// What the table lacks, or has too much, for that schema.
fn complaints(schema: &Value) -> Vec<String> {
    let asked: BTreeSet<String> = references(schema)
        .into_iter()
        .chain(REST.iter().map(|path| (*path).to_owned()))
        .collect();
    let known: BTreeSet<String> = CASES.iter().map(|case| case.path.to_owned()).collect();
    let missing = asked
        .difference(&known)
        .map(|path| format!("{path} has no case"));
    let stale = known
        .difference(&asked)
        .map(|path| format!("{path} is no argument"));
    missing.chain(stale).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_id_cursor_and_token_has_a_foreign_tenant_case() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let schema = app.key().schema("/graphql").await?;
    assert_eq!(complaints(&schema), Vec::<String>::new());
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_without_a_case_is_named() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let mut schema = app.key().schema("/graphql").await?;
    let text = json!({ "name": "String", "ofType": null });
    let types = schema["types"].as_array_mut().context("no types")?;
    for kind in types {
        if kind["name"] == "FileTrashInput" {
            let fields = kind["inputFields"].as_array_mut().context("no fields")?;
            fields.push(json!({ "name": "folderId", "type": text }));
        }
        if kind["name"] == "Tenant" {
            let fields = kind["fields"].as_array_mut().context("no fields")?;
            let argument =
                json!({ "name": "shareToken", "type": { "name": null, "ofType": text } });
            fields.push(json!({ "name": "shared", "args": [argument] }));
        }
    }
    let expected = [
        "FileTrashInput.folderId has no case",
        "Tenant.shared(shareToken) has no case",
    ];
    assert_eq!(complaints(&schema), expected);
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_id_is_answered_like_a_random_one_and_changes_nothing(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let neighbour = Neighbour::move_in(&app).await?;
    let rows = Rows::of(&app, &neighbour.tenant)?;
    wait::until("the neighbour's log is written", 30, || rows.are_settled()).await?;
    let before = rows.fingerprint().await?;
    let askers = [("owner", app.owner().await?), ("key", app.key())];
    let mut seen = Vec::new();
    for case in CASES {
        for (real, random) in (case.pairs)(&neighbour) {
            for (who, asker) in &askers {
                let body = indistinguishable(asker, case, &real, &random)
                    .await
                    .with_context(|| format!("{} as {who}", case.path))?;
                if *who == "owner" {
                    let expected = case.expect;
                    ensure!(
                        body.contains(expected),
                        "{}: no {expected} in {body}",
                        case.path
                    );
                    seen.push((case, real.clone(), body));
                }
            }
        }
    }
    let after = rows.fingerprint().await?;
    ensure!(
        before == after,
        "the neighbour's rows changed:\n{before:#?}\n{after:#?}"
    );
    for (case, real, foreign) in &seen {
        good_for_its_own(&neighbour, case, real, foreign).await?;
    }
    app.close().await
}

/// Asks for the neighbour's and for nobody's; the answers must be the same bytes, without a canary.
async fn indistinguishable(
    asker: &Client,
    case: &Case,
    real: &str,
    random: &str,
) -> anyhow::Result<String> {
    let foreign = ask(asker, case, real).await?;
    let nobodys = ask(asker, case, random).await?;
    ensure!(
        foreign.status == nobodys.status,
        "{} / {}",
        foreign.status,
        nobodys.status
    );
    let (theirs, none) = (body_of(&foreign), body_of(&nobodys));
    ensure!(theirs == none, "differs:\n{theirs}\n{none}");
    let shown = format!("{theirs} {:?}", foreign.headers);
    ensure!(!shown.contains(CANARY), "shows the neighbour's: {shown}");
    Ok(theirs)
}

/// The same request of the neighbour itself gets something else, or the comparison proves nothing.
async fn good_for_its_own(
    neighbour: &Neighbour,
    case: &Case,
    real: &str,
    foreign: &str,
) -> anyhow::Result<()> {
    if case.kind == Kind::Free {
        return Ok(());
    }
    let own = body_of(&ask(&neighbour.owner, case, real).await?);
    ensure!(
        own != foreign,
        "{} with {real} is no use to its owner either: {own}",
        case.path
    );
    Ok(())
}

async fn ask(asker: &Client, case: &Case, value: &str) -> anyhow::Result<Answer> {
    match case.call {
        Call::Graphql(query) => asker.graphql(query, json!({ "x": value })).await,
        Call::Get(path) => asker.get(&format!("{path}{value}")).await,
        Call::PutReplacing(path) => {
            let request = asker
                .request(reqwest::Method::PUT, path)
                .header("strongroom-replaces", value)
                .body("a successor");
            Answer::of(request.send().await?).await
        }
        Call::PutAt(before, after) => {
            asker
                .put(&format!("{before}{value}{after}"), "beside the neighbour's")
                .await
        }
    }
}

/// The body without what belongs to the one request: its id, and what a new file is called.
fn body_of(answer: &Answer) -> String {
    let request = answer.header("strongroom-request-id").to_owned();
    let text = answer.text().replace(&request, "<request>");
    match answer.json() {
        Ok(body) if answer.status == 201 => {
            format!("{} {} {}", body["system"], body["state"], body["sha256"])
        }
        _ => text,
    }
}
