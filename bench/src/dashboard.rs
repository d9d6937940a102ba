//! The query a dashboard opens with.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use store::testing::{Database, throwaway};
use tests::{App, Client};

use crate::{
    Measured, deployment, pgbench, process,
    table::Row,
    timing::{self, load, ms},
};

pub(crate) const QUERY: &str = "query Dashboard($files: Int!) { viewer { tenant { \
    name quotas { metric limit used held trash available periodStart periodEnd } \
    files(first: $files) { nodes { id filename mediaType byteLen state createdAt createdBy { name } } \
    pageInfo { hasNextPage endCursor } } \
    auditEntries(first: 10) { nodes { seq action outcome actor { type id } occurredAt } } } } }";

const PERIOD: Duration = Duration::from_secs(5);
/// Requests of one tenant at a time.
const IN_FLIGHT: usize = 20;

pub(crate) async fn measure() -> Measured {
    let app = deployment::furnished().await?;
    let owner = app.owner().await?;
    let data = owner.data(QUERY, variables()).await?;
    check(&data)?;
    warm(&owner).await?;
    let per_request = statements_per_request(&app, &owner).await?;
    let mut rows = Vec::new();
    for clients in [1, 16, 64] {
        rows.push(at(&app, &owner, clients, per_request).await?);
    }
    let data_statements = per_request - 1.0;
    rows.push(
        Row::new(
            "dashboard query, SQL statements per request",
            format!("{data_statements:.1} for data, 1 that names the tenant and reads its status"),
        )
        .beside("`/metrics` around 300 requests, less what the idle server sends; BEGIN and COMMIT not counted")
        .aim("≤ 6 for data", data_statements < 6.5),
    );
    app.close().await?;
    Ok(rows)
}

pub(crate) fn variables() -> Value {
    json!({ "files": 20 })
}

fn check(data: &Value) -> anyhow::Result<()> {
    let count = |pointer: &str| {
        let list = data.pointer(pointer).and_then(Value::as_array);
        list.map(Vec::len)
            .with_context(|| format!("nothing at {pointer}"))
    };
    let files = count("/viewer/tenant/files/nodes")?;
    let entries = count("/viewer/tenant/auditEntries/nodes")?;
    anyhow::ensure!(
        files == 20 && entries == 10,
        "{files} files, {entries} entries"
    );
    Ok(())
}

async fn warm(owner: &Client) -> anyhow::Result<()> {
    let owner = owner.clone();
    let asking = move |_| ask(owner.clone());
    load(16, Duration::from_secs(2), asking).await.map(drop)
}

async fn ask(owner: Client) -> anyhow::Result<()> {
    deployment::ask(&owner, QUERY, variables()).await
}

async fn statements_per_request(app: &App, owner: &Client) -> anyhow::Result<f64> {
    const REQUESTS: u32 = 300;
    let idle = deployment::idle_statements(app).await?;
    let (before, start) = (deployment::statements(app).await?, Instant::now());
    for _ in 0..REQUESTS {
        ask(owner.clone()).await?;
    }
    let took = start.elapsed().as_secs_f64();
    let sent = deployment::statements(app).await? - before - idle * took;
    Ok(sent / f64::from(REQUESTS))
}

async fn at(app: &App, owner: &Client, clients: usize, per_request: f64) -> anyhow::Result<Row> {
    let pid = *app.process_ids().first().context("no server")?;
    let before = process::cpu(pid)?;
    let asking = {
        let owner = owner.clone();
        move |_| ask(owner.clone())
    };
    let load = load(clients, PERIOD, asking).await?;
    let cpu = timing::ms(process::cpu(pid)? - before) / load.calls() as f64;
    let (rate, p50, p99) = (
        load.rate(),
        ms(load.percentile(50)),
        ms(load.percentile(99)),
    );
    let row = Row::new(
        format!(
            "dashboard query, 10 000 files, 100 tenants, Postgres, c = {clients}{}",
            note(clients)
        ),
        format!("{rate:.0}/s, p50 {p50:.1} ms, p99 {p99:.1} ms, server CPU {cpu:.2} ms"),
    )
    .aim("≤ 0.5 ms CPU", cpu <= 0.5);
    Ok(match select_only(clients.min(16)).await {
        Ok(tps) => row
            .beside(format!(
                "pgbench -S, c = {}: {tps:.0} statements/s",
                clients.min(16)
            ))
            .part(rate * per_request, tps),
        Err(error) => row.beside(format!("{error:#}")),
    })
}

/// More clients than a tenant may have in flight are told to come again.
fn note(clients: usize) -> &'static str {
    if clients > IN_FLIGHT {
        " (20 in flight, the others wait as Retry-After says)"
    } else {
        ""
    }
}

async fn select_only(clients: usize) -> anyhow::Result<f64> {
    let database = throwaway(Database::Postgres).await?;
    pgbench::initialize(&database.owner_options).await?;
    let tps = pgbench::tps(
        &database.owner_options,
        clients,
        Duration::from_secs(2),
        &["-S"],
    )
    .await?;
    database.close().await?;
    Ok(tps)
}
