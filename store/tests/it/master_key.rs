//! Replacing the master key.

use policy::Role;
use rstest::rstest;
use secrecy::ExposeSecret;
use store::{
    ConflictCode, RequestContext, Store, StoreError,
    auth::AuthError,
    bootstrap::DeploymentError,
    keys::{MasterKey, MasterKeys},
    master_key::MasterKeyRotation,
    testing::{Database, master_key},
    verify::Verdict,
};

use crate::scene::{Scene, commit};

fn next() -> MasterKey {
    MasterKey::new(2, [0x77; 32])
}

fn both() -> MasterKeys {
    MasterKeys::new(next(), Some(master_key()))
}

/// A tenant's log with two keys and the system log, both with a cosigned head.
async fn scene(kind: Database) -> anyhow::Result<Scene> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    let store = &scene.db.store;
    store.cosign_due(store.now()).await?;
    store.rotate_log_key_by_duty(scene.seed.tenant).await?;
    Ok(scene)
}

async fn signs_and_verifies(scene: &Scene, store: &Store) -> anyhow::Result<()> {
    commit(store, &scene.seed.actor(Role::Owner), "signed").await?;
    while store.sequence_once().await?.entries > 0 {}
    assert_eq!(store.pending_events().await?, 0);
    for tenant in [scene.seed.tenant, entity::TenantId::SYSTEM] {
        let found = store.verify_chain(tenant, |_| {}).await?;
        assert_eq!(found.verdict, Verdict::Intact, "{found:?}");
    }
    Ok(())
}

fn is_refused(result: Result<MasterKeyRotation, StoreError>) -> bool {
    matches!(
        result,
        Err(StoreError::Conflict {
            code: ConflictCode::InvalidState,
            ..
        })
    )
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn logs_are_signed_before_during_and_after(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = scene(kind).await?;
    let during = scene.db.store_with(both()).await?;
    signs_and_verifies(&scene, &during).await?;
    let done = during.rotate_master_key().await?;
    // Two keys of the tenant's log, one of the system log, the cosigner's; and one API key.
    assert_eq!((done.resealed, done.api_keys_left), (4, 1));
    signs_and_verifies(&scene, &during).await?;
    let after = scene.db.store_with(next()).await?;
    signs_and_verifies(&scene, &after).await?;
    let before = scene.db.store_with(master_key()).await?;
    assert!(matches!(
        before.deployment().await,
        Err(DeploymentError::WrongMasterKey { stored: 2 })
    ));
    let again = during.rotate_master_key().await?;
    assert_eq!(again.resealed, 0);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn api_keys_work_as_long_as_the_key_they_were_made_under_is_given(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = scene(kind).await?;
    let token = scene.seed.secret.expose_secret();
    let (during, after) = (
        scene.db.store_with(both()).await?,
        scene.db.store_with(next()).await?,
    );
    during.rotate_master_key().await?;
    let accepted = during.authenticate_key(token, RequestContext::internal());
    assert!(accepted.await.is_ok());
    let refused = after.authenticate_key(token, RequestContext::internal());
    assert!(matches!(refused.await, Err(AuthError::Rejected)));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_wrong_previous_key_changes_nothing(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = scene(kind).await?;
    let alone = scene.db.store_with(next()).await?;
    assert!(is_refused(alone.rotate_master_key().await));
    let wrong = MasterKeys::new(next(), Some(MasterKey::new(1, [1; 32])));
    let wrong = scene.db.store_with(wrong).await?;
    assert!(is_refused(wrong.rotate_master_key().await));
    signs_and_verifies(&scene, &scene.db.store).await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_process_without_the_new_key_quarantines_nothing(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = scene(kind).await?;
    scene.db.store.deployment().await?;
    let during = scene.db.store_with(both()).await?;
    during.rotate_master_key().await?;
    let behind = scene.db.store_with(master_key()).await?;
    let principal = scene.owner().principal();
    during.fill_outbox(scene.seed.tenant, principal, 1).await?;
    assert!(behind.sequence_once().await.is_err());
    let found = scene.verdict().await?;
    assert_eq!(found.verdict, Verdict::Inconclusive, "{found:?}");
    signs_and_verifies(&scene, &during).await?;
    Ok(scene.db.close().await?)
}
