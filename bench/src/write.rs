//! A change with its event, at sixteen clients, beside the bare statements.

use std::{fmt::Write as _, path::Path, time::Duration};

use entity::{FileId, TenantId};
use policy::{Action, Role};
use store::{
    Actor, Store, StoreError,
    event::{
        FileRestored, FileTrashed,
        class::{Personal, Target},
    },
    testing::{Database, Throwaway, seed, throwaway},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{Measured, deployment, pgbench, table::Row, timing::load};

pub(crate) const CLIENTS: usize = 16;
pub(crate) const PERIOD: Duration = Duration::from_secs(4);
/// Ours and the reference take turns, so that both meet the machine in the same moods.
const ROUNDS: usize = 3;
const BYTE_LEN: i64 = 1_000;

pub(crate) async fn measure() -> Measured {
    let database = throwaway(Database::Postgres).await?;
    let seed = seed(&database.store).await?;
    furnish(&database, seed.tenant).await?;
    let store = deployment::store_of_sixteen(&database).await?;
    let actor = seed.actor(Role::Owner);
    let directory = tempfile::tempdir()?;
    let sample = sample(&database, &actor).await?;
    let script = directory.path().join("write.sql");
    std::fs::write(&script, self::script(seed.tenant, Some(&sample)))?;
    let silent = directory.path().join("silent.sql");
    std::fs::write(&silent, self::script(seed.tenant, None))?;
    let per_write = statements_per_write(&store, &actor).await?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(writes(&store, &actor).await?);
        bare.push(reference(&database, &script).await?);
    }
    let (mut silent_rates, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        silent_rates.push(reference(&database, &silent).await?);
        let mut sequencing = JoinSet::new();
        sequencing.spawn(sequence_for_ever(store.clone()));
        busy.push(writes(&store, &actor).await?);
        sequencing.shutdown().await;
    }
    store.database().clone().close().await?;
    database.close().await?;
    let (ours, bare) = (middle(ours), middle(bare));
    let (unaudited, busy) = (middle(silent_rates), middle(busy));
    Ok(vec![
        Row::new(
            "audited write (trash and restore of own files in one tenant), Postgres, c = 16",
            format!("{ours:.0}/s, {per_write:.0} statements and BEGIN, COMMIT"),
        )
        .beside(format!(
            "pgbench -f, c = 16, the same: BEGIN, SELECT set_config and status, UPDATE file, \
             UPDATE usage_counter, INSERT audit_outbox, COMMIT: {bare:.0}/s"
        ))
        .part(ours, bare)
        .aim("≥ 80 %", ours >= 0.8 * bare),
        Row::new(
            "the event in the bare statements: INSERT audit_outbox",
            format!("{bare:.0}/s"),
        )
        .beside(format!("the same script without it: {unaudited:.0}/s"))
        .part(bare, unaudited)
        .aim("≥ 90 %", bare >= 0.9 * unaudited),
        Row::new(
            "audited write while the sequencer works on the same tenant",
            format!("{busy:.0}/s"),
        )
        .beside(format!("while the events wait: {ours:.0}/s"))
        .part(busy, ours),
    ])
}

/// As the worker does, until it is aborted.
async fn sequence_for_ever(store: Store) -> Result<(), StoreError> {
    loop {
        if !store.sequence_once().await?.more {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The client's own file; its number in decimal, so that the script can spell it too.
fn file(client: usize) -> anyhow::Result<FileId> {
    let spelt = format!("00000000-0000-7000-8000-{:012}", client + 1);
    Ok(FileId(Uuid::parse_str(&spelt)?))
}

pub(crate) async fn furnish(database: &Throwaway, tenant: TenantId) -> anyhow::Result<()> {
    let tenant = tenant.uuid();
    let mut sql = format!(
        "INSERT INTO usage_counter (tenant_id, metric, period_start, limit_value, used) \
         VALUES ('{tenant}', 'STORAGE_BYTES', 'epoch', 1099511627776, 1073741824) \
         ON CONFLICT (tenant_id, metric, period_start) DO UPDATE SET used = 1073741824;"
    );
    for client in 0..CLIENTS {
        let id = file(client)?.uuid();
        write!(
            sql,
            "INSERT INTO file (tenant_id, id, system, object_type, object_id, filename, display_name, \
             media_type, byte_len, state, created_by_type, created_by_id, created_at, updated_at) \
             VALUES ('{tenant}', '{id}', 'workspace', 'doc', 'bench', 'a.txt', 'a.txt', 'text/plain', \
             {BYTE_LEN}, 'ready', 'user', '{tenant}', now(), now());"
        )?;
    }
    database.tamper(&format!("{sql} ANALYZE")).await?;
    Ok(())
}

async fn toggle(store: Store, actor: Actor, client: usize) -> anyhow::Result<()> {
    let id = file(client)?;
    trash(&store, &actor, id).await?;
    let tx = store.begin(&actor, Action::FileRestore).await?;
    tx.restore_file(id).await?;
    let (file, reason) = (Target(id), Personal(None));
    tx.commit(FileRestored { file, reason }).await?;
    Ok(())
}

async fn trash(store: &Store, actor: &Actor, id: FileId) -> anyhow::Result<()> {
    let tx = store.begin(actor, Action::FileTrash).await?;
    tx.trash_file(id).await?;
    let (file, reason) = (Target(id), Personal(None));
    tx.commit(FileTrashed { file, reason }).await?;
    Ok(())
}

pub(crate) async fn writes(store: &Store, actor: &Actor) -> anyhow::Result<f64> {
    let (store, actor) = (store.clone(), actor.clone());
    let toggling = move |client| toggle(store.clone(), actor.clone(), client);
    Ok(2.0 * load(CLIENTS, PERIOD, toggling).await?.rate())
}

async fn statements_per_write(store: &Store, actor: &Actor) -> anyhow::Result<f64> {
    let before = store.database().statements();
    toggle(store.clone(), actor.clone(), 0).await?;
    Ok((store.database().statements() - before) as f64 / 2.0)
}

async fn reference(database: &Throwaway, script: &Path) -> anyhow::Result<f64> {
    let tps = pgbench::tps_of_script(&database.options, CLIENTS, PERIOD, script).await?;
    Ok(2.0 * tps)
}

/// A draft and its disclosures as the store writes them, in hex.
async fn sample(database: &Throwaway, actor: &Actor) -> anyhow::Result<(String, String)> {
    toggle(database.store.clone(), actor.clone(), 0).await?;
    let mut cells = database
        .look(
            "SELECT encode(draft, 'hex') FROM (SELECT * FROM audit_outbox ORDER BY id DESC LIMIT 1) o \
             UNION ALL SELECT disclosures FROM (SELECT * FROM audit_outbox ORDER BY id DESC LIMIT 1) o",
        )
        .await?
        .into_iter()
        .flatten();
    let draft = cells.next().unwrap_or_default();
    Ok((draft, cells.next().unwrap_or_default()))
}

/// One trash and one restore of the client's own file, statement by statement what the store sends; without a
/// `sample` of a draft there is no event.
fn script(tenant: TenantId, sample: Option<&(String, String)>) -> String {
    let tenant = tenant.uuid();
    let id = "('00000000-0000-7000-8000-' || lpad((:file)::text, 12, '0'))::uuid";
    let event = sample.map_or_else(String::new, |(draft, disclosures)| {
        format!(
            "INSERT INTO audit_outbox (tenant_id, event_id, draft, disclosures, created_at) \
             VALUES ('{tenant}', gen_random_uuid(), '\\x{draft}', '{disclosures}', now());\n"
        )
    });
    let mut script = "\\set file :client_id + 1\n".to_owned();
    for (set, from, sign, guard) in [
        (
            "'trashed', trashed_at = now()",
            "ready",
            '+',
            "used - trash",
        ),
        ("'ready', trashed_at = NULL", "trashed", '-', "trash"),
    ] {
        let _ = write!(
            script,
            "BEGIN;\n\
             SELECT set_config('app.tenant_id', '{tenant}', true) AS setting, \
             (SELECT status FROM tenant WHERE id = '{tenant}') AS status;\n\
             UPDATE file SET updated_at = now(), state = {set} WHERE tenant_id = '{tenant}' AND id = {id} \
             AND state = '{from}' RETURNING *;\n\
             UPDATE usage_counter SET trash = trash {sign} {BYTE_LEN} WHERE tenant_id = '{tenant}' \
             AND metric = 'STORAGE_BYTES' AND period_start = 'epoch' AND {BYTE_LEN} >= 0 \
             AND {guard} >= {BYTE_LEN};\n\
             {event}COMMIT;\n"
        );
    }
    script
}

pub(crate) fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}
