//! Deployments to measure on.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use policy::Tiers;
use reqwest::StatusCode;
use serde_json::{Value, json};
use store::{
    Database, DatabaseOptions, Store, SystemClock,
    testing::{Throwaway, master_key},
};
use tests::{App, Client, Stack, client::text};

/// Other tenants beside the one that asks.
const OTHERS: u32 = 99;
/// Files of each of them.
const FILES_OF_OTHERS: u32 = 100;
/// Files of the one that asks.
const FILES: u32 = 10_000;
/// Files that really are uploaded, so that the log has entries.
const UPLOADED: u32 = 20;

/// The binary on Postgres, with a hundred tenants and ten thousand files in the first one.
pub(crate) async fn furnished() -> anyhow::Result<App> {
    let app = App::start(Stack::Postgres).await?;
    let slug = &app.first_run.tenant_slug;
    let others = format!(
        "INSERT INTO tenant (id, slug, name, status, tier, period_anchor_at, created_at) \
         SELECT gen_random_uuid(), 'bench-' || n, 'Tenant ' || n, 'active', 'professional', now(), now() \
         FROM generate_series(1, {OTHERS}) n"
    );
    let files = format!(
        "INSERT INTO file (tenant_id, id, system, object_type, object_id, filename, display_name, \
         media_type, byte_len, sha256, state, created_by_type, created_by_id, created_at, updated_at) \
         SELECT t.id, gen_random_uuid(), 'workspace', 'doc', 'object-' || n % 100, n || '.txt', n || '.txt', \
         'text/plain', 1000, sha256(n::text::bytea), 'ready', \
         CASE WHEN m.id IS NULL OR n % 2 = 0 THEN 'api_key' ELSE 'user' END, \
         CASE WHEN m.id IS NULL THEN t.id WHEN n % 2 = 0 THEN k.id ELSE m.id END, \
         now() - n * interval '1 second', now() \
         FROM tenant t LEFT JOIN member m ON m.tenant_id = t.id LEFT JOIN api_key k ON k.tenant_id = t.id \
         CROSS JOIN LATERAL generate_series(1, CASE WHEN t.slug = '{slug}' THEN {FILES} ELSE {FILES_OF_OTHERS} END) n"
    );
    app.database
        .tamper(&format!("{others}; {files}; ANALYZE"))
        .await?;
    let key = app.key();
    for number in 0..UPLOADED {
        key.put_text(&format!("uploaded-{number}.txt"), "some text\n")
            .await?;
    }
    Ok(app)
}

/// Ids of a tenant's files, newest first.
pub(crate) async fn file_ids(client: &Client, count: usize) -> anyhow::Result<Vec<String>> {
    let query = "query($after: String) { viewer { tenant { files(first: 100, after: $after, filter: {state: READY}) \
                 { nodes { id } pageInfo { endCursor } } } } }";
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    while ids.len() < count {
        let data = client.data(query, json!({ "after": after })).await?;
        let nodes = data
            .pointer("/viewer/tenant/files/nodes")
            .and_then(Value::as_array);
        for node in nodes.context("no files")? {
            ids.push(text(node, "/id")?);
        }
        after = text(&data, "/viewer/tenant/files/pageInfo/endCursor")?.into();
    }
    ids.truncate(count);
    Ok(ids)
}

/// A store with sixteen connections and the machine's clock, over a throw-away database.
pub(crate) async fn store_of_sixteen(database: &Throwaway) -> anyhow::Result<Store> {
    let mut options = database.options.clone();
    if let DatabaseOptions::Postgres {
        max_connections, ..
    } = &mut options
    {
        *max_connections = 16;
    }
    let pools = Database::open(&options).await?;
    Ok(Store::new(
        pools,
        Arc::new(SystemClock),
        master_key(),
        Tiers::default(),
    ))
}

/// Asks and insists on an answer without errors; comes again when it is told to. Looks at the bytes
/// only, so that the client takes little of the machine.
pub(crate) async fn ask(client: &Client, query: &str, variables: Value) -> anyhow::Result<()> {
    loop {
        let answer = client.graphql(query, variables.clone()).await?;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = answer.header("retry-after").parse()?;
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            continue;
        }
        let is_good = answer.status == StatusCode::OK && !answer.text().contains("\"errors\"");
        anyhow::ensure!(is_good, "{} {}", answer.status, answer.text());
        return Ok(());
    }
}

/// How many statements the server has sent, by `/metrics`.
pub(crate) async fn statements(app: &App) -> anyhow::Result<f64> {
    let metrics = app.anonymous().get("/metrics").await?.text();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("strongroom_database_statements_total "));
    Ok(line
        .context("/metrics does not count statements")?
        .parse()?)
}

/// Statements per second of a server nobody asks anything.
pub(crate) async fn idle_statements(app: &App) -> anyhow::Result<f64> {
    let period = Duration::from_secs(3);
    let before = statements(app).await?;
    tokio::time::sleep(period).await;
    Ok((statements(app).await? - before) / period.as_secs_f64())
}
