//! A log as it grows.

use audit::{chain::Damage, entry::Entry};
use rstest::rstest;
use store::{
    EventStatus,
    testing::Database,
    verify::{Assurance, Verdict},
};
use tokio::task::JoinSet;

use crate::scene::{Scene, commit, commit_rich};

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_new_tenant_has_a_log_that_verifies(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let actions: Vec<String> = raws
        .iter()
        .map(|raw| Entry::parse(raw.as_bytes()).map(|entry| entry.draft.action))
        .collect::<Result<_, _>>()?;
    assert_eq!(
        actions,
        ["audit.genesis", "tenant.create", "api_key.create"]
    );
    let found = scene.verdict().await?;
    assert_eq!(found.verdict, Verdict::Intact, "{found:?}");
    assert_eq!((found.assurance, found.size), (Assurance::A1, 3));
    let system = entity::TenantId::SYSTEM;
    let found = scene.db.store.verify_chain(system, |_| {}).await?;
    assert_eq!(found.verdict, Verdict::Intact, "{found:?}");
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn commits_become_a_log_without_gaps(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let actor = scene.owner();
    for n in 0..20 {
        let event = commit(&scene.db.store, &actor, &format!("n{n}")).await?;
        let expected = match kind {
            Database::Sqlite => EventStatus::Signed,
            Database::Postgres => EventStatus::Pending,
        };
        assert_eq!(event.status, expected);
    }
    commit_rich(&scene.db.store, &actor).await?;
    scene.db.sequence_all().await?;
    for (n, raw) in scene.raws().await?.iter().enumerate() {
        assert_eq!(Entry::parse(raw.as_bytes())?.position.seq, n as u64);
    }
    assert_eq!(scene.db.store.pending_events().await?, 0);
    let found = scene.verdict().await?;
    assert_eq!((found.verdict, found.size), (Verdict::Intact, 25));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn many_writers_and_sequencers_keep_each_writers_order(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    const WRITERS: usize = 16;
    const EACH: usize = 12;
    let scene = Scene::new(kind).await?;
    let mut writers: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, actor) = (scene.db.store.clone(), scene.owner());
        writers.spawn(async move {
            for n in 0..EACH {
                commit(&store, &actor, &format!("{writer:02}-{n:02}")).await?;
            }
            Ok(())
        });
    }
    let mut sequencers: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let total = (3 + WRITERS * EACH).to_string();
    for _ in 0..3 {
        let store = scene.db.another_store().await?;
        let tenant = scene.seed.tenant;
        let total: u64 = total.parse()?;
        sequencers.spawn(async move {
            loop {
                store.sequence_once().await?;
                let found = store.verify_chain(tenant, |_| {}).await?;
                anyhow::ensure!(found.verdict == Verdict::Intact, "{found:?}");
                if found.size == total {
                    return Ok(());
                }
            }
        });
    }
    for done in writers.join_all().await {
        done?;
    }
    for done in sequencers.join_all().await {
        done?;
    }
    let causes: Vec<String> = causes(&scene.raws().await?);
    assert_eq!(causes.len(), WRITERS * EACH);
    for writer in 0..WRITERS {
        let own: Vec<&String> = causes
            .iter()
            .filter(|cause| cause.starts_with(&format!("{writer:02}-")))
            .collect();
        assert!(own.is_sorted(), "{own:?}");
        assert_eq!(own.len(), EACH);
    }
    Ok(scene.db.close().await?)
}

/// What the entries of [`commit`] say, in the order of the log.
fn causes(raws: &[String]) -> Vec<String> {
    raws.iter()
        .filter_map(|raw| raw.split_once("\"cause\":\""))
        .filter_map(|(_, rest)| rest.split_once('"'))
        .map(|(cause, _)| cause.to_owned())
        .collect()
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_log_whose_last_entry_was_changed_is_not_built_upon(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    let raw = match kind {
        Database::Sqlite => "CAST(replace(CAST(raw AS TEXT), 'success', 'failure') AS BLOB)",
        Database::Postgres => {
            "convert_to(replace(convert_from(raw, 'UTF8'), 'success', 'failure'), 'UTF8')"
        }
    };
    let tenant = scene.tenant_sql();
    let sql = format!("UPDATE audit_entry SET raw = {raw} WHERE tenant_id = {tenant} AND seq = 2");
    assert_eq!(scene.db.tamper(&sql).await?, 1);
    for n in 0..3 {
        let event = commit(&scene.db.store, &scene.owner(), &format!("n{n}")).await?;
        assert_eq!(event.status, EventStatus::Pending);
    }
    assert_eq!(scene.db.sequence_all().await?, 0);
    assert_eq!(scene.count("audit_outbox").await?, 3);
    let state = format!("SELECT state FROM audit_head WHERE tenant_id = {tenant}");
    assert_eq!(
        scene.db.look(&state).await?,
        [Some("quarantined".to_owned())]
    );
    let found = scene.verdict().await?;
    let first = found.first_bad.map(|first| (first.seq, first.damage));
    assert_eq!(found.verdict, Verdict::Broken);
    assert_eq!(first, Some((2, Damage::ContentAltered)));
    Ok(scene.db.close().await?)
}
