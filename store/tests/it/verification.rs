//! Runs of verification.

use chrono::TimeDelta;
use policy::{Action, Role};
use rstest::rstest;
use store::{ConflictCode, StoreError, testing::Database, verification::Question};

use crate::scene::Scene;

const FULL: Question<'_> = Question {
    full: true,
    receipt: None,
};

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_run_is_a_row_and_two_events(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let (store, auditor) = (&scene.db.store, scene.seed.actor(Role::Auditor));
    let begun = store.begin_verification(&auditor, FULL).await?;
    assert!(begun.event.is_some());
    let joined = store
        .begin_verification(&auditor, Question::default())
        .await?;
    assert_eq!(joined.run.id, begun.run.id);
    assert!(joined.event.is_none() && joined.answers);
    scene.db.sequence_all().await?;
    let ended = store
        .run_verification(&begun.run, Vec::new(), |_| {})
        .await?;
    assert_eq!(ended.state, "DONE");
    assert_eq!(ended.verdict.as_deref(), Some("INTACT"));
    assert_eq!(ended.assurance.as_deref(), Some("A1"));
    assert_eq!((ended.size, ended.first_bad_seq), (4, None));
    assert_eq!((ended.entries_read, ended.affected_count), (4, 0));
    assert!(
        ended
            .checkpoint
            .as_ref()
            .is_some_and(|note| note.contains("/e0\n4\n"))
    );
    let again = store.run_verification(&begun.run, Vec::new(), |_| {}).await;
    assert!(matches!(
        again,
        Err(StoreError::Conflict {
            code: ConflictCode::InvalidState,
            ..
        })
    ));
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let told = raws.iter().filter(|raw| raw.contains("audit.verify"));
    assert_eq!(told.count(), 2);
    let snapshot = store.snapshot(&auditor).await?;
    let view = snapshot.view(Action::AuditVerify)?;
    assert_eq!(view.find_verification(ended.id).await?, Some(ended));
    drop(snapshot);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn damage_is_written_down_with_its_place_and_hashes(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    scene.db.sequence_all().await?;
    let zeros = match kind {
        Database::Sqlite => "zeroblob(32)",
        Database::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    let tenant = scene.tenant_sql();
    let sql =
        format!("UPDATE audit_entry SET leaf = {zeros} WHERE tenant_id = {tenant} AND seq = 1");
    scene.db.tamper(&sql).await?;
    let begun = store.begin_verification(&scene.owner(), FULL).await?;
    let ended = store
        .run_verification(&begun.run, Vec::new(), |_| {})
        .await?;
    assert_eq!(ended.verdict.as_deref(), Some("BROKEN"));
    assert_eq!(ended.first_bad_seq, Some(1));
    assert_eq!(ended.damage.as_deref(), Some("CONTENT_ALTERED"));
    assert_eq!(ended.recorded_hash, Some("0".repeat(64)));
    assert!(ended.recomputed_hash.is_some_and(|hash| hash.len() == 64));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_run_whose_process_died_does_not_block_the_next(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let dead = store.begin_verification(&scene.owner(), FULL).await?.run;
    scene.db.clock.advance(TimeDelta::minutes(9));
    store.report_once(&dead, 7).await?;
    scene.db.clock.advance(TimeDelta::minutes(9));
    let found = store.begin_verification(&scene.owner(), FULL).await?.run;
    assert_eq!(
        (found.id, found.entries_read),
        (dead.id, 7),
        "it was heard of"
    );
    scene.db.clock.advance(TimeDelta::minutes(2));
    let next = store.begin_verification(&scene.owner(), FULL).await?.run;
    assert_ne!(next.id, dead.id);
    let snapshot = store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditVerify)?;
    let closed = view.find_verification(dead.id).await?;
    assert!(closed.is_some_and(|run| run.state == "FAILED" && run.finished_at.is_some()));
    drop(snapshot);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn requests_that_come_together_find_one_run(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (store, owner) = (scene.db.store.clone(), scene.owner());
        requests.spawn(async move { store.begin_verification(&owner, FULL).await });
    }
    let mut runs = std::collections::BTreeSet::new();
    for begun in requests.join_all().await {
        runs.insert(begun?.run.id);
    }
    assert_eq!(runs.len(), 1);
    Ok(scene.db.close().await?)
}
