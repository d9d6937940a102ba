//! The sequencer, cut off again and again while events pour in: nothing is lost, no number is left out.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, ensure};
use entity::EventId;
use rstest::rstest;
use serde_json::json;
use tests::{App, Client, Stack, client::text, wait};
use tokio::sync::watch;

const CUTS: u32 = 200;
const CLIENTS: usize = 6;
/// After so many cuts the whole log is verified in between.
const LOOK_EVERY: u32 = 50;

/// Ids of events whose changes were acknowledged.
type Acknowledged = Arc<Mutex<BTreeSet<EventId>>>;

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_sequencer_leaves_every_event_in_the_chain_once(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let acknowledged = Acknowledged::default();
    let over = Arc::new(AtomicBool::new(false));
    let (is_up, _) = watch::channel(true);
    let mut clients = tokio::task::JoinSet::new();
    for n in 0..CLIENTS {
        let file = app.key().put_text(&format!("{n}.txt"), "moved").await?;
        let file = text(&file, "/id")?;
        let (key, over) = (app.key(), Arc::clone(&over));
        let (seen, is_up) = (Arc::clone(&acknowledged), is_up.subscribe());
        clients.spawn(move_for_ever(key, file, seen, is_up, over));
    }
    for cut in 1..=CUTS {
        // A few events more each time, so that it is cut off in ever other places.
        let goal = lock(&acknowledged).len() + cut as usize % 13 + 1;
        wait::until("some more is acknowledged", 60, || async {
            Ok(lock(&acknowledged).len() >= goal)
        })
        .await?;
        is_up.send_replace(false);
        app.kill().await?;
        app.launch().await?;
        is_up.send_replace(true);
        if cut % LOOK_EVERY == 0 {
            intact(&app)
                .await
                .with_context(|| format!("after {cut} cuts"))?;
        }
    }
    over.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended?;
    }
    let acknowledged = std::mem::take(&mut *lock(&acknowledged));
    ensure!(
        acknowledged.len() > CUTS as usize,
        "hardly anything was acknowledged: {}",
        acknowledged.len()
    );
    all_once(&app, &acknowledged).await?;
    intact(&app).await?;
    app.close().await
}

fn lock(acknowledged: &Acknowledged) -> std::sync::MutexGuard<'_, BTreeSet<EventId>> {
    acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Into the trash and back, whatever happens to the server meanwhile.
async fn move_for_ever(
    key: Client,
    file: String,
    seen: Acknowledged,
    mut is_up: watch::Receiver<bool>,
    over: Arc<AtomicBool>,
) {
    while !over.load(Ordering::Relaxed) {
        for mutation in ["fileTrash", "fileRestore"] {
            let input = json!({ "fileId": file });
            let moved = key.try_mutate(mutation, input, "auditEvent { id }").await;
            let event = moved.and_then(|payload| text(&payload, "/auditEvent/id"));
            match event.and_then(|id| Ok(id.parse()?)) {
                Ok(event) => drop(lock(&seen).insert(event)),
                // Nobody answers, or the change before was made and not acknowledged.
                Err(_) if is_up.wait_for(|is_up| *is_up).await.is_err() => return,
                Err(_) => {}
            }
        }
    }
}

/// Every acknowledged event is in the chain, none twice, and the numbers have no gap.
async fn all_once(app: &App, acknowledged: &BTreeSet<EventId>) -> anyhow::Result<()> {
    wait::until("nothing waits for the sequencer", 60, || async {
        let waiting = app.database.look("SELECT 'one' FROM audit_outbox").await?;
        Ok(waiting.is_empty())
    })
    .await?;
    let tenant = &app.first_run.tenant_id;
    let tenant: entity::TenantId = tenant.parse()?;
    let of_log = format!("FROM audit_entry WHERE tenant_id = '{}'", tenant.uuid());
    let rows = app
        .database
        .look(&format!("SELECT CAST(event_id AS text) {of_log}"))
        .await?;
    let count = rows.len();
    let known: BTreeSet<String> = rows.into_iter().flatten().collect();
    ensure!(known.len() == count, "an event is there twice");
    let is_lost = |event: &&EventId| !known.contains(&event.uuid().to_string());
    let lost: Vec<_> = acknowledged.iter().filter(is_lost).collect();
    ensure!(lost.is_empty(), "lost: {lost:?}");
    let edges =
        format!("SELECT CAST(MIN(seq) AS text) || ' to ' || CAST(MAX(seq) AS text) {of_log}");
    let edges: Vec<String> = app
        .database
        .look(&edges)
        .await?
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(edges, [format!("0 to {}", count - 1)]);
    Ok(())
}

async fn intact(app: &App) -> anyhow::Result<()> {
    let verified = app.key().get("/v1/audit/verify?full=true").await?;
    ensure!(verified.status == 200, "{}", verified.text());
    Ok(())
}
