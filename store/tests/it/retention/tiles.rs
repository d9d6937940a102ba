//! Prunes of entries: the tiles stay, and the tree over them.

use audit::{
    chain::Damage,
    retention::{Permit, Prune, PruneKind},
};
use chrono::TimeDelta;
use entity::TenantId;
use rstest::rstest;
use store::{ConflictCode, retention::Step, testing::Database, verify::Verdict};

use super::{ENTRIES, is_conflict};
use crate::scene::Scene;

impl Scene {
    async fn count_before(&self, seq: u64) -> anyhow::Result<usize> {
        let sql = format!(
            "SELECT CAST(seq AS text) FROM audit_entry WHERE tenant_id = {} AND seq < {seq}",
            self.tenant_sql()
        );
        Ok(self.db.look(&sql).await?.len())
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_pruned_log_verifies_from_its_tiles_and_goes_on(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    // A key that was replaced, its entries to be pruned.
    store.rotate_log_key_by_duty(scene.seed.tenant).await?;
    scene.db.clock.advance(TimeDelta::days(2));
    let retired = store
        .retire_log_key(scene.seed.tenant, TimeDelta::hours(24))
        .await?;
    assert!(retired.is_some());
    scene.grow_log(700).await?;
    let early = scene.prune(ENTRIES).await;
    assert!(early.is_err(), "nothing is old enough yet");
    scene.years_pass(8);
    let plan = scene.plan(ENTRIES).await?;
    assert_eq!((plan.first, plan.reach.until, plan.entries), (0, 512, 512));
    scene.prune(ENTRIES).await?;
    let expected = Permit::Prune(Prune {
        kind: PruneKind::Entries,
        until: 512,
        held: Vec::new(),
    });
    assert_eq!(scene.permit("audit.prune").await?, Some(expected));
    scene.expect(Verdict::Intact, 0, 0).await?;
    assert_eq!(scene.drain().await?, 512);
    assert_eq!(scene.count_before(512).await?, 0);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 512, 0)
        .await?;
    // The log goes on, and so do its keys.
    scene.grow_log(600).await?;
    store.rotate_log_key_by_duty(scene.seed.tenant).await?;
    scene.db.clock.advance(TimeDelta::days(2));
    store
        .retire_log_key(scene.seed.tenant, TimeDelta::hours(24))
        .await?;
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 512, 0)
        .await?;
    scene.grow_log(300).await?;
    scene.years_pass(8);
    assert_eq!(scene.plan(ENTRIES).await?.reach.until, 1_536);
    scene.prune(ENTRIES).await?;
    assert_eq!(scene.drain().await?, 1_024);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 1_536, 0)
        .await?;
    assert_eq!(scene.count("audit_removal").await?, 1);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_deletion_broken_off_is_whole_in_between_and_goes_on(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    scene.grow_log(2_600).await?;
    scene.years_pass(8);
    scene.prune(ENTRIES).await?;
    for removal in store.open_removals(None, 10).await? {
        assert_eq!(
            store.remove_batch(&removal, false).await?,
            Step::More(1_024)
        );
    }
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 1_024, 0)
        .await?;
    let hold = scene.hold(Some(1_300..1_301)).await?;
    assert_eq!(scene.drain().await?, 256);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 1_280, 0)
        .await?;
    scene.lift(hold).await?;
    scene.prune(ENTRIES).await?;
    assert_eq!(scene.drain().await?, 2_560 - 1_280);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 2_560, 0)
        .await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn entries_beyond_what_was_agreed_to_are_damage(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    scene.grow_log(800).await?;
    scene.years_pass(8);
    scene.prune(ENTRIES).await?;
    scene.drain().await?;
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 768, 0)
        .await?;
    let tenant = scene.tenant_sql();
    let min_seq =
        |to: u64| format!("UPDATE audit_head SET min_seq = {to} WHERE tenant_id = {tenant}");
    for to in [0, 512] {
        scene.db.tamper(&min_seq(to)).await?;
        scene.expect_damage(to, Damage::EntryMissing).await?;
    }
    scene.db.tamper(&min_seq(1_024)).await?;
    scene.expect_damage(768, Damage::ProjectionAltered).await?;
    scene.db.tamper(&min_seq(768)).await?;
    for table in ["audit_entry", "audit_target", "audit_disclosure"] {
        let sql = format!(
            "CREATE TABLE kept_{table} AS SELECT * FROM {table}; \
             DELETE FROM {table} WHERE tenant_id = {tenant} AND seq = 768"
        );
        scene.db.tamper(&sql).await?;
    }
    scene.expect_damage(768, Damage::EntryMissing).await?;
    for table in ["audit_entry", "audit_target", "audit_disclosure"] {
        let sql = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}");
        scene.db.tamper(&sql).await?;
    }
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 768, 0)
        .await?;
    let zeros = match kind {
        Database::Sqlite => "zeroblob(8192)",
        Database::Postgres => "decode(repeat('00', 8192), 'hex')",
    };
    let tile = format!(
        "UPDATE audit_tile SET hashes = {zeros} WHERE tenant_id = {tenant} AND level = 0 \
         AND tile_index = 1"
    );
    scene.db.tamper(&tile).await?;
    assert_eq!(scene.verdict().await?.verdict, Verdict::Broken);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn the_system_log_and_held_entries_stay(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    scene.grow_log(600).await?;
    scene.hold(Some(300..301)).await?;
    scene.years_pass(8);
    assert_eq!(scene.plan(ENTRIES).await?.reach.until, 256);
    scene.hold(None).await?;
    assert!(scene.plan(ENTRIES).await?.is_empty());
    let system = scene.db.store.plan_prune(TenantId::SYSTEM, ENTRIES).await;
    assert!(
        is_conflict(&system, ConflictCode::InvalidState),
        "{system:?}"
    );
    Ok(scene.db.close().await?)
}
