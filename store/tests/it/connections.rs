//! Transactions that are refused, dropped, or fail under the database's hands.

use chrono::TimeDelta;
use policy::{Action, TenantStep};
use rstest::rstest;
use store::{
    StoreError,
    testing::{Database, another_tenant},
    verify::Verdict,
};

use crate::scene::{Scene, commit};

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_suspended_tenant_is_refused_at_every_door(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let (operator, tenant) = (scene.seed.operator(), scene.seed.tenant);
    store
        .step_tenant(&operator, TenantStep::Suspend, tenant)
        .await?;
    let begun = store.begin(&scene.owner(), Action::FileUpload).await;
    assert!(matches!(begun, Err(StoreError::TenantSuspended)));
    let seen = store.snapshot(&scene.owner()).await;
    assert!(matches!(seen, Err(StoreError::TenantSuspended)));
    assert_eq!(store.snapshot_of_record(&scene.owner()).await?.id, tenant);
    store
        .step_tenant(&operator, TenantStep::Restore, tenant)
        .await?;
    commit(store, &scene.owner(), "again").await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_request_dropped_at_any_point_leaves_all_or_nothing(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    for patience in 0..40 {
        let work = another_tenant(&scene.db.store, &scene.seed);
        tokio::pin!(work);
        for _ in 0..patience {
            if futures_util::poll!(work.as_mut()).is_ready() {
                break;
            }
            // Gives the connection a moment, so that each round is dropped at a later point.
            scene.db.store.database().ping().await?;
        }
    }
    scene.db.sequence_all().await?;
    let tenants = scene
        .db
        .look("SELECT CAST(COUNT(*) AS text) FROM tenant")
        .await?;
    let rows_of_one = [
        ("tenant", "SELECT CAST(COUNT(*) AS text) FROM tenant"),
        ("heads", "SELECT CAST(COUNT(*) - 1 AS text) FROM audit_head"),
        ("keys", "SELECT CAST(COUNT(*) - 1 AS text) FROM audit_key"),
        ("members", "SELECT CAST(COUNT(*) AS text) FROM member"),
        (
            "events",
            "SELECT CAST(COUNT(*) AS text) FROM audit_entry WHERE action = 'tenant.create'",
        ),
    ];
    for (name, sql) in rows_of_one {
        assert_eq!(scene.db.look(sql).await?, tenants, "{name}");
    }
    commit(&scene.db.store, &scene.owner(), "after").await?;
    scene.db.sequence_all().await?;
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn a_full_disk_fails_the_change_and_nothing_after_it() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Sqlite).await?;
    let store = &scene.db.store;
    scene.db.sequence_all().await?;
    let before = scene.raws().await?.len();
    store.limit_pages(Some(1)).await?;
    let mut committed = 0;
    let refused = loop {
        match commit(store, &scene.owner(), "until it is full").await {
            Ok(_) => committed += 1,
            Err(error) => break error,
        }
        anyhow::ensure!(committed < 10_000, "the disk never filled");
    };
    let error = refused.downcast::<StoreError>()?;
    assert_eq!(error.to_string(), "an internal error occurred");
    assert!(commit(store, &scene.owner(), "still full").await.is_err());
    store.limit_pages(None).await?;
    commit(store, &scene.owner(), "space again").await?;
    assert_eq!(scene.raws().await?.len(), before + committed + 1);
    assert_eq!(store.pending_events().await?, 0);
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_neither_intact_nor_broken() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Postgres).await?;
    let other = scene.db.another_store().await?;
    other.deployment().await?;
    scene
        .db
        .tamper("REVOKE SELECT ON audit_entry FROM strongroom_test_app")
        .await?;
    let found = other.verify_chain(scene.seed.tenant, |_| {}).await?;
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert_eq!(
        found.reason(),
        Some("the log could not be read: an internal error occurred")
    );
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn the_test_clock_stands_still_until_it_is_moved() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Sqlite).await?;
    let before = scene.db.store.now();
    assert_eq!(scene.db.store.now(), before);
    scene.db.clock.advance(TimeDelta::seconds(90));
    assert_eq!(scene.db.store.now() - before, TimeDelta::seconds(90));
    Ok(scene.db.close().await?)
}
