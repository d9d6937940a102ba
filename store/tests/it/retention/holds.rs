//! Holds, and what they stop.

use policy::Role;
use rstest::rstest;
use store::{ConflictCode, StoreError, retention::Step, testing::Database, verify::Verdict};

use super::{PAYLOAD, is_conflict, is_invalid};
use crate::scene::Scene;

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn what_is_held_is_not_redacted_and_the_refusal_is_recorded(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    let hold = scene.hold(Some(4..5)).await?;
    let new = scene.redaction(&[(4, &["extra"])]);
    let refused = store.redact(&scene.owner(), new.clone()).await;
    assert!(
        is_conflict(&refused, ConflictCode::InvalidState),
        "{refused:?}"
    );
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let last = raws.last().map_or("", String::as_str);
    assert!(last.contains(r#""action":"audit.redact""#), "{last}");
    assert!(last.contains(r#""outcome":"denied""#), "{last}");
    assert!(last.contains(&hold.uuid().to_string()), "{last}");
    // Beside the hold everything goes on.
    let beside = scene.redaction(&[(6, &["extra"])]);
    let beside = store.redact(&scene.owner(), beside).await?;
    assert!(beside.seq.is_some());
    assert_eq!(scene.drain().await?, 1);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 0, 1)
        .await?;
    scene.lift(hold).await?;
    assert!(is_conflict(
        &scene.lift(hold).await,
        ConflictCode::InvalidState
    ));
    assert!(store.redact(&scene.owner(), new).await?.seq.is_some());
    assert_eq!(scene.drain().await?, 1);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 0, 2)
        .await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_hold_set_before_the_deletion_stops_it(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    let before = scene.count("audit_disclosure").await?;
    let redaction = scene.redaction(&[(4, &["extra"]), (6, &["extra"])]);
    store.redact(&scene.owner(), redaction).await?;
    let hold = scene.hold(Some(6..7)).await?;
    let open = store.open_removals(None, 10).await?;
    assert_eq!(open.len(), 1);
    for removal in &open {
        assert_eq!(store.remove_batch(removal, false).await?, Step::Waiting);
    }
    assert!(scene.count("audit_disclosure").await? > before);
    scene.lift(hold).await?;
    assert_eq!(scene.drain().await?, 2);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 0, 2)
        .await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn an_altered_hold_stops_every_deletion(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let hold = scene.hold(None).await?;
    let redaction = scene.redaction(&[(4, &["extra"])]);
    let store = &scene.db.store;
    scene
        .db
        .tamper("UPDATE audit_hold SET cleared_seq = 6")
        .await?;
    scene.years_pass(2);
    let refusals = [
        store.redact(&scene.owner(), redaction).await.map(drop),
        scene.plan(PAYLOAD).await.map(drop),
        scene.lift(hold).await,
    ];
    for refused in refusals {
        assert!(
            is_conflict(&refused, ConflictCode::InvalidState),
            "{refused:?}"
        );
    }
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_hold_is_of_entries_that_are_there_and_lifted_by_an_owner(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    for range in [3..3, 5..8, 99..100] {
        let found = scene
            .hold(Some(range))
            .await
            .map_err(|error| error.downcast::<StoreError>());
        let refused = found
            .map_err(|error| error.unwrap_or_else(|other| StoreError::internal(other.to_string())));
        assert!(is_invalid(&refused, "range"), "{refused:?}");
    }
    let hold = scene.hold(Some(6..7)).await?;
    for role in [Role::Admin, Role::Auditor, Role::Member] {
        let lifted = store
            .clear_hold(&scene.seed.actor(role), hold, "AZ", None)
            .await;
        assert!(matches!(lifted, Err(StoreError::Forbidden(_))), "{role}");
    }
    let unknown = scene.lift(entity::HoldId::generate()).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    scene.expect(Verdict::Intact, 0, 0).await?;
    Ok(scene.db.close().await?)
}
