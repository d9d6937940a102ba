//! Power cuts: what was acknowledged is there, what was not leaves nothing behind.

mod sequencer;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use rstest::rstest;
use serde_json::json;
use tests::{App, Client, Stack, client::text, file::sha256_hex, wait};

const CYCLES: u32 = 50;

/// What the server has acknowledged.
#[derive(Debug, Default, Clone)]
struct Acknowledged {
    /// Ready files and their hashes.
    files: BTreeMap<String, String>,
    /// Files in the trash.
    trashed: BTreeSet<String>,
    /// Keys that were made.
    keys: BTreeSet<String>,
    /// Events that were committed.
    events: BTreeSet<String>,
}

type Shared = Arc<Mutex<Acknowledged>>;

fn note(shared: &Shared, change: impl FnOnce(&mut Acknowledged)) {
    change(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_acknowledged_and_leaves_nothing_behind(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let shared = Shared::default();
    for cycle in 0..CYCLES {
        let owner = app.owner().await?;
        load_and_cut(&mut app, &owner, &shared, cycle).await?;
        app.launch().await?;
        let seen = shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        check(&app, &seen)
            .await
            .with_context(|| format!("after cycle {cycle}"))?;
    }
    swept_clean(&app).await?;
    let seen = shared
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let acknowledged = seen.files.len() + seen.trashed.len() + seen.keys.len();
    ensure!(
        acknowledged > 50,
        "hardly anything was acknowledged: {seen:?}"
    );
    app.close().await
}

/// Clients at work until the power goes, somewhere within the first three quarters of a second.
async fn load_and_cut(
    app: &mut App,
    owner: &Client,
    shared: &Shared,
    cycle: u32,
) -> anyhow::Result<()> {
    let key = app.key();
    let mut clients = tokio::task::JoinSet::new();
    for worker in 0..3 {
        clients.spawn(upload_for_ever(
            key.clone(),
            Arc::clone(shared),
            cycle,
            worker,
        ));
    }
    clients.spawn(upload_directly(key.clone(), Arc::clone(shared), cycle));
    clients.spawn(trash_for_ever(key.clone(), Arc::clone(shared)));
    clients.spawn(make_keys(owner.clone(), Arc::clone(shared), cycle));
    let moment = Duration::from_millis(u64::from(cycle) * 37 % 700 + 60);
    let mut clock = tokio::time::interval(moment);
    clock.tick().await;
    clock.tick().await;
    app.kill().await?;
    clients.shutdown().await;
    Ok(())
}

async fn upload_for_ever(key: Client, shared: Shared, cycle: u32, worker: u32) {
    for n in 0_u32.. {
        // Some fit one part, some take several.
        let size = if n % 4 == 3 { 9 << 20 } else { 20_000 };
        let content = format!("{cycle} {worker} {n}\n").repeat(size / 8);
        let Ok(file) = key
            .put_text(&format!("{cycle}-{worker}-{n}.txt"), &content)
            .await
        else {
            return;
        };
        if let Some(id) = file["id"].as_str() {
            note(&shared, |seen| {
                seen.files
                    .insert(id.to_owned(), sha256_hex(content.as_bytes()));
            });
        }
    }
}

async fn upload_directly(key: Client, shared: Shared, cycle: u32) {
    for n in 0_u32.. {
        let content = format!("direct {cycle} {n}");
        let name = format!("direct-{cycle}-{n}.txt");
        match key
            .upload_direct(&name, "text/plain", content.as_bytes())
            .await
        {
            Ok(id) => note(&shared, |seen| {
                seen.files.insert(id, sha256_hex(content.as_bytes()));
            }),
            Err(_) => return,
        }
    }
}

async fn trash_for_ever(key: Client, shared: Shared) {
    loop {
        let next = {
            let seen = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let enough = seen.files.len() > 5;
            seen.files.keys().next().filter(|_| enough).cloned()
        };
        let Some(id) = next else {
            tokio::task::yield_now().await;
            continue;
        };
        // From here on the file may be in the trash, acknowledged or not.
        note(&shared, |seen| {
            seen.files.remove(&id);
        });
        let trashed = key
            .mutate(
                "fileTrash",
                json!({ "fileId": id }),
                "file { id } auditEvent { id }",
            )
            .await;
        let Ok(payload) = trashed else { return };
        note(&shared, |seen| {
            seen.trashed.insert(id);
            if let Ok(event) = text(&payload, "/auditEvent/id") {
                seen.events.insert(event);
            }
        });
    }
}

async fn make_keys(owner: Client, shared: Shared, cycle: u32) {
    for n in 0_u32.. {
        let input = json!({ "name": format!("{cycle}-{n}"), "scopes": ["FILES_READ"] });
        let Ok(payload) = owner
            .mutate("apiKeyCreate", input, "apiKey { id } secret")
            .await
        else {
            return;
        };
        if let Ok(secret) = text(&payload, "/secret") {
            note(&shared, |seen| {
                seen.keys.insert(secret);
            });
        }
    }
}

/// What must hold right after every restart.
async fn check(app: &App, seen: &Acknowledged) -> anyhow::Result<()> {
    let key = app.key();
    for (id, sha256) in seen.files.iter().rev().take(5) {
        let link = key.link(id).await?;
        let download = key.download(&link).await?;
        ensure!(download.status == 200, "{id}: {}", download.status);
        ensure!(
            sha256_hex(&download.body) == *sha256,
            "{id} has other bytes"
        );
    }
    for id in seen.trashed.iter().rev().take(5) {
        ensure!(
            key.state_of(id).await? == "TRASHED",
            "{id} is not in the trash"
        );
    }
    for secret in seen.keys.iter().take(2) {
        let answer = app
            .client(secret)
            .graphql("{ viewer { tenant { id } } }", json!({}))
            .await?;
        ensure!(
            answer.status == 200,
            "an acknowledged key is refused: {}",
            answer.text()
        );
    }
    for event in seen.events.iter().rev().take(3) {
        let query = "query($id: ID!) { node(id: $id) { ... on AuditEvent { status } } }";
        wait::until("the event is in the chain", 20, || async {
            let data = key.data(query, json!({ "id": event })).await?;
            Ok(matches!(
                &*text(&data, "/node/status")?,
                "SIGNED" | "ANCHORED"
            ))
        })
        .await?;
    }
    holds_add_up(app).await?;
    let verified = key.get("/v1/audit/verify?full=true").await?;
    ensure!(verified.status == 200, "{}", verified.text());
    Ok(())
}

/// What is held is what reservations hold, and what is used is what files and members use.
async fn holds_add_up(app: &App) -> anyhow::Result<()> {
    let wrong = app
        .database
        .look(
            "SELECT CAST(c.metric AS text) FROM usage_counter c WHERE c.reserved <> ( \
               SELECT COALESCE(SUM(r.amount), 0) FROM reservation r WHERE r.state = 'held' \
               AND r.tenant_id = c.tenant_id AND r.metric = c.metric AND r.period_start = c.period_start)",
        )
        .await?;
    ensure!(wrong.is_empty(), "holds do not add up: {wrong:?}");
    let wrong = app
        .database
        .look(
            "SELECT CAST(c.used AS text) FROM usage_counter c WHERE c.metric = 'STORAGE_BYTES' \
             AND c.used <> (SELECT COALESCE(SUM(f.byte_len), 0) FROM file f \
               WHERE f.tenant_id = c.tenant_id AND f.state IN ('ready', 'trashed'))",
        )
        .await?;
    ensure!(wrong.is_empty(), "storage does not add up: {wrong:?}");
    Ok(())
}

/// Lets the time of every open upload and of every dead worker's lease be over, and waits until the
/// sweeper has closed them all.
async fn swept_clean(app: &App) -> anyhow::Result<()> {
    let past = "2020-01-01 00:00:00+00:00";
    app.database
        .tamper(&format!(
            "UPDATE job SET lease_until = '{past}' WHERE state = 'running'"
        ))
        .await?;
    app.database
        .tamper(&format!(
            "UPDATE upload SET expires_at = '{past}' WHERE state = 'open'"
        ))
        .await?;
    wait::until("everything abandoned is closed", 60, || async {
        let open = "SELECT state FROM file WHERE state IN ('pending', 'verifying')";
        let held = "SELECT state FROM reservation WHERE state = 'held'";
        Ok(app.database.look(open).await?.is_empty() && app.database.look(held).await?.is_empty())
    })
    .await?;
    holds_add_up(app).await?;
    let objects = app.objects()?;
    wait::until("no object and no part is left over", 60, || async {
        Ok(objects.multiparts().await?.is_empty() && orphans(app).await?.is_empty())
    })
    .await
    .with_context(|| "left over")?;
    Ok(())
}

/// Objects that no file refers to.
async fn orphans(app: &App) -> anyhow::Result<BTreeSet<String>> {
    let rows = app
        .database
        .look(
            "SELECT CAST(tenant_id AS text) || '/' || system || '/' || object_type || '/' || object_id \
             || '/' || CAST(id AS text) || '/' || filename FROM file WHERE state IN ('ready', 'trashed')",
        )
        .await?;
    let known: BTreeSet<String> = rows.into_iter().flatten().collect();
    let keys = app.objects()?.keys().await?;
    // Anchors are no files: without a bucket of their own they lie in this one, for good.
    let is_file = |key: &&String| !key.starts_with("audit/anchors/");
    Ok(keys.difference(&known).filter(is_file).cloned().collect())
}
