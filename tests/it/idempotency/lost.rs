//! Every answer is lost once, and in the end everything is as if none had been.

use std::collections::BTreeMap;

use anyhow::ensure;
use rstest::rstest;
use tests::{App, Stack, client::text, wait};

use crate::events::{operator_mutations, tenant_mutations};

/// What depends on how many requests came, or on when the worker did which part.
const BY_THE_WAY: [&str; 5] = [
    "idempotency_key",
    "audit_tile",
    "audit_checkpoint",
    "session",
    "operator_session",
];

/// Everything that can be changed, once.
async fn all_of_it(app: &App) -> anyhow::Result<()> {
    let key = app.key();
    for name in ["one.txt", "two.txt"] {
        let file = key.put_text(name, "the same words").await?;
        key.link(&text(&file, "/id")?).await?;
    }
    key.upload_direct("three.txt", "text/plain", b"more of them")
        .await?;
    tenant_mutations::all(app).await?;
    operator_mutations::all(app).await?;
    wait::until("nothing is on its way", 30, || async {
        let sql = "SELECT 'event' FROM audit_outbox UNION ALL \
                   SELECT 'job' FROM job WHERE state NOT IN ('done', 'failed')";
        Ok(app.database.look(sql).await?.is_empty())
    })
    .await
}

/// How many rows each table has, what of each quota is used, and which events there were.
async fn state(app: &App) -> anyhow::Result<BTreeMap<String, String>> {
    let tables = match app.stack {
        Stack::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        Stack::Postgres => {
            "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = 'public'"
        }
    };
    let mut state = BTreeMap::new();
    for table in app.database.look(tables).await?.into_iter().flatten() {
        if BY_THE_WAY.contains(&table.as_str()) || table.starts_with("audit_") {
            continue;
        }
        let count = super::number(app, &format!("SELECT COUNT(*) FROM \"{table}\"")).await?;
        state.insert(format!("rows of {table}"), count.to_string());
    }
    // How often anybody has asked is counted for each request.
    let sql = "SELECT metric || ' ' || used || ' ' || reserved || ' ' || trash FROM usage_counter \
               WHERE metric <> 'API_CALLS' ORDER BY 1";
    let used: Vec<String> = app
        .database
        .look(sql)
        .await?
        .into_iter()
        .flatten()
        .collect();
    state.insert("usage".to_owned(), used.join(", "));
    // The system log has the times at which the worker looked.
    let nil = uuid();
    let sql = format!(
        "SELECT action || ' ' || outcome || ' ' || COUNT(*) FROM audit_entry \
         WHERE CAST(tenant_id AS text) <> '{nil}' AND actor_type <> 'system' \
         GROUP BY action, outcome ORDER BY 1"
    );
    let events: Vec<String> = app
        .database
        .look(&sql)
        .await?
        .into_iter()
        .flatten()
        .collect();
    state.insert("events".to_owned(), events.join(", "));
    Ok(state)
}

fn uuid() -> String {
    entity::TenantId::SYSTEM.uuid().to_string()
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_loses_every_answer_ends_where_one_that_loses_none_does(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let steady = App::start(stack).await?;
    all_of_it(&steady).await?;
    let lossy = App::start(stack).await?.dropping();
    all_of_it(&lossy).await?;
    let (expected, found) = (state(&steady).await?, state(&lossy).await?);
    pretty(&expected, &found)?;
    ensure!(
        super::number(&lossy, "SELECT COUNT(*) FROM idempotency_key").await? > 20,
        "hardly anything had a name"
    );
    steady.close().await?;
    lossy.close().await
}

fn pretty(
    expected: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    for (what, expected) in expected {
        let found = found.get(what).map(String::as_str).unwrap_or_default();
        ensure!(
            expected == found,
            "{what}:\n  {expected}\nafter lost answers:\n  {found}"
        );
    }
    Ok(())
}
