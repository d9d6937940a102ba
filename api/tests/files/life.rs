//! Trash, restore, purge, and the bytes at the end.

use api::{
    error::Code,
    service::file::{purge, restore, trash},
    worker::purge::{sweep_deletions, sweep_trash},
};
use chrono::TimeDelta;
use entity::FileId;
use policy::Role;
use rstest::rstest;
use store::testing::Database::{self, Postgres, Sqlite};

use crate::scene::scene;

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn the_trash_gives_a_file_back_as_it_was(#[case] kind: Database) {
    let scene = scene(kind).await;
    let (app, actor) = (&scene.app, &scene.actor);
    let file = scene.file("a.txt").await;
    let reason = Some("by mistake".to_owned());
    let (trashed, event) = trash(app, actor, file.id, reason).await.unwrap();
    assert_eq!(trashed.state.0.as_str(), "trashed");
    assert!(event.is_some());
    assert_eq!(scene.storage("trash").await, 100);
    let again = trash(app, actor, file.id, None).await;
    assert_eq!(again.unwrap_err().code(), Code::InvalidState);
    let (restored, _) = restore(app, actor, file.id, None).await.unwrap();
    assert_eq!(restored.sha256, file.sha256);
    assert_eq!(scene.storage("trash").await, 0);
    assert_eq!(scene.storage("used").await, 100);
    assert_eq!(scene.actions().await[2..], ["file.trash", "file.restore"]);
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_purge_frees_the_quota_at_once_and_the_bytes_later(#[case] kind: Database) {
    let scene = scene(kind).await;
    let file = scene.file("a.txt").await;
    let member = scene.seed.actor(Role::Member);
    let refused = purge(&scene.app, &member, file.id, None).await;
    assert_eq!(refused.unwrap_err().code(), Code::Forbidden);
    purge(&scene.app, &scene.actor, file.id, None)
        .await
        .unwrap();
    assert_eq!(scene.storage("used").await, 0);
    scene.advance(TimeDelta::days(6));
    assert_eq!(sweep_deletions(&scene.app).await.unwrap(), 0);
    assert_eq!(scene.keys().await.len(), 1);
    scene.advance(TimeDelta::days(1));
    assert_eq!(sweep_deletions(&scene.app).await.unwrap(), 1);
    assert_eq!(sweep_deletions(&scene.app).await.unwrap(), 0);
    assert_eq!(
        scene.actions().await[2..],
        ["file.purge", "file.delete", "file.delete"]
    );
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn the_trash_is_emptied_after_its_retention(#[case] kind: Database) {
    let scene = scene(kind).await;
    let file = scene.file("a.txt").await;
    trash(&scene.app, &scene.actor, file.id, None)
        .await
        .unwrap();
    scene.advance(TimeDelta::days(89));
    assert_eq!(sweep_trash(&scene.app).await.unwrap(), 0);
    scene.advance(TimeDelta::days(1));
    assert_eq!(sweep_trash(&scene.app).await.unwrap(), 1);
    assert_eq!(sweep_trash(&scene.app).await.unwrap(), 0);
    assert_eq!(scene.count("file WHERE state = 'purged'").await, 1);
    assert_eq!(scene.storage("used").await, 0);
    assert_eq!(scene.storage("trash").await, 0);
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_file_nobody_has_and_a_reason_too_long_are_refused(#[case] kind: Database) {
    let scene = scene(kind).await;
    let unknown = trash(&scene.app, &scene.actor, FileId::generate(), None).await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    let file = scene.file("a.txt").await;
    let long = trash(&scene.app, &scene.actor, file.id, Some("a".repeat(1_001))).await;
    assert_eq!(long.unwrap_err().code(), Code::Invalid);
    scene.settled(1).await;
    scene.close().await;
}
