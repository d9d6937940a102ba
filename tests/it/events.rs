//! Every mutation leaves its event in the right chain.
//!
//! The schemas themselves say which mutations there are: one without a case is an error.

mod denials;
pub(crate) mod operator_mutations;
pub(crate) mod tenant_mutations;

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use entity::{EventId, TenantId};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{App, Stack, client::text, schema::mutations, wait};

/// A mutation that succeeded, and what should stand in a chain for it.
pub(crate) struct Done {
    /// The field.
    pub(super) mutation: &'static str,
    /// The id of its event, as the payload says.
    pub(super) event: String,
    /// Whose chain.
    pub(super) tenant: TenantId,
    /// The action in the registry.
    pub(super) action: &'static str,
    /// What sort of principal did it.
    pub(super) actor: &'static str,
}

impl Done {
    pub(super) fn new(
        mutation: &'static str,
        payload: &Value,
        (tenant, action, actor): (TenantId, &'static str, &'static str),
    ) -> anyhow::Result<Self> {
        let event = text(payload, "/auditEvent/id")?;
        Ok(Self {
            mutation,
            event,
            tenant,
            action,
            actor,
        })
    }
}

/// Nothing that was just set up is old enough to be pruned; the tests of the store move its clock.
const ELSEWHERE: [&str; 1] = ["auditPrune"];

fn elsewhere(schema: &Value) -> impl Iterator<Item = String> {
    let asked = mutations(schema);
    let known = ELSEWHERE.map(str::to_owned).into_iter();
    known.filter(move |name| asked.contains(name))
}

/// What the table lacks for that schema.
fn complaints(schema: &Value, done: &[Done]) -> Vec<String> {
    let done = done.iter().map(|done| done.mutation.to_owned());
    let known: BTreeSet<String> = done.chain(elsewhere(schema)).collect();
    let asked = mutations(schema);
    let missing = asked
        .difference(&known)
        .map(|name| format!("{name} has no case"));
    let stale = known
        .difference(&asked)
        .map(|name| format!("{name} is no mutation"));
    missing.chain(stale).collect()
}

/// Waits for the entry of the event, and compares its columns.
async fn is_in_its_chain(app: &App, done: &Done) -> anyhow::Result<()> {
    let event: EventId = done.event.parse()?;
    let sql = format!(
        "SELECT CAST(tenant_id AS text) || ' ' || action || ' ' || outcome || ' ' || actor_type \
         FROM audit_entry WHERE event_id = '{}'",
        event.uuid()
    );
    let what = format!("the event of {} is in a chain", done.mutation);
    let entry = wait::until_some(&what, 30, || async {
        Ok(app.database.look(&sql).await?.into_iter().flatten().next())
    })
    .await?;
    let tenant = done.tenant.uuid();
    assert_eq!(
        entry,
        format!("{tenant} {} success {}", done.action, done.actor),
        "{}",
        done.mutation
    );
    Ok(())
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn every_tenant_mutation_puts_its_event_in_the_right_chain(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let schema = app.key().schema("/graphql").await?;
    let done = tenant_mutations::all(&app).await?;
    assert_eq!(complaints(&schema, &done), Vec::<String>::new());
    for one in &done {
        is_in_its_chain(&app, one).await?;
    }
    let verified = app.key().get("/v1/audit/verify?full=true").await?;
    // One of them was a redaction, and the worker may have done it.
    let verified = verified.json()?;
    let verdict = verified["verdict"].as_str().unwrap_or_default();
    assert!(
        ["INTACT", "INTACT_WITH_DOCUMENTED_GAPS"].contains(&verdict),
        "{verified}"
    );
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn every_operator_mutation_puts_its_event_in_the_right_chain(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let schema = app.operator().await?.schema("/operator/graphql").await?;
    let done = operator_mutations::all(&app).await?;
    assert_eq!(complaints(&schema, &done), Vec::<String>::new());
    for one in &done {
        is_in_its_chain(&app, one).await?;
    }
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_without_a_case_is_named() -> anyhow::Result<()> {
    let schema = json!({
        "mutationType": { "name": "Mutation" },
        "types": [{ "name": "Mutation", "fields": [{ "name": "fileShred" }] }],
    });
    assert_eq!(complaints(&schema, &[]), ["fileShred has no case"]);
    Ok(())
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_known_principal_are_folded_into_counted_entries(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let owner = app.owner().await?;
    let input = json!({ "name": "reader", "scopes": ["FILES_READ"] });
    let made = owner.mutate("apiKeyCreate", input, "secret").await?;
    let reader = app.client(&text(&made, "/secret")?);
    let file = app.key().put_text("kept.txt", "kept").await?;
    let query = "mutation($id: ID!) { fileTrash(input: { fileId: $id }) { file { id } } }";
    for _ in 0..5 {
        let refused = reader.graphql(query, json!({ "id": file["id"] })).await?;
        ensure!(refused.code() == "FORBIDDEN", "{}", refused.text());
    }
    // What is left of the minute is written before the process ends.
    app.terminate().await?;
    app.launch().await?;
    let sql = "SELECT CAST(raw AS text) FROM audit_entry WHERE action = 'file.trash' \
               AND outcome = 'denied' AND actor_type = 'api_key' ORDER BY seq";
    let sql = match stack {
        Stack::Sqlite => sql.to_owned(),
        Stack::Postgres => sql.replace("CAST(raw AS text)", "convert_from(raw, 'UTF8')"),
    };
    let entries = wait::until_some("the refusals are in the chain", 30, || async {
        let entries: Vec<String> = app
            .database
            .look(&sql)
            .await?
            .into_iter()
            .flatten()
            .collect();
        Ok((counted(&entries)? == 5).then_some(entries))
    })
    .await?;
    // Five, unless the minute turned among them.
    ensure!(entries.len() <= 2, "not folded: {entries:?}");
    app.close().await
}

/// The sum of the counts in those entries.
fn counted(entries: &[String]) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in entries {
        let entry: Value = serde_json::from_str(entry)?;
        sum += entry
            .pointer("/meta/count")
            .and_then(Value::as_u64)
            .with_context(|| format!("no count in {entry}"))?;
    }
    Ok(sum)
}
