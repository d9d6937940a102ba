//! Events without a change of their own, and refusals.

use chrono::TimeDelta;
use entity::FileId;
use policy::{Action, Role};
use rstest::rstest;
use store::{
    StoreError,
    event::{
        LinkCreated,
        class::{Public, Target},
    },
    testing::Database,
    verify::Verdict,
};
use tokio::task::JoinSet;

use crate::scene::Scene;

fn link() -> LinkCreated {
    LinkCreated {
        file: Target(FileId::generate()),
        ttl_seconds: Public(900),
        disposition: Public("inline"),
        reused: Public(false),
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn many_records_share_few_commits_and_each_is_durable(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    let before = scene.db.store.database().statements();
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let (store, owner) = (scene.db.store.clone(), scene.owner());
        requests.spawn(async move { store.record(&owner, Action::LinkCreate, link()).await });
    }
    let mut ids = Vec::new();
    for recorded in requests.join_all().await {
        ids.push(recorded?.id.uuid().to_string());
    }
    let statements = scene.db.store.database().statements() - before;
    assert!(statements < 100, "{statements} statements");
    // Read by another connection: what was answered is committed.
    let at = scene.count("audit_outbox").await? + scene.raws().await?.len();
    assert_eq!(at, 3 + 100);
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    for id in ids {
        assert_eq!(raws.iter().filter(|raw| raw.contains(&id)).count(), 1);
    }
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn refusals_of_a_minute_are_one_entry_with_a_count(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let viewer = scene.seed.actor(Role::Viewer);
    for _ in 0..5 {
        let refused = store.begin(&viewer, Action::FilePurge).await;
        assert!(matches!(refused, Err(StoreError::Forbidden(_))));
    }
    assert_eq!(store.flush_denials(false).await?, 0);
    scene.db.clock.advance(TimeDelta::minutes(1));
    assert_eq!(store.flush_denials(false).await?, 1);
    assert_eq!(store.flush_denials(true).await?, 0);
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let denied: Vec<_> = raws
        .iter()
        .filter(|raw| raw.contains("\"outcome\":\"denied\""))
        .collect();
    assert_eq!(denied.len(), 1);
    assert!(denied.iter().all(|raw| raw.contains("\"count\":5")));
    Ok(scene.db.close().await?)
}
