//! The tree over a log and what is signed of it.

use audit::{
    chain::Damage,
    checkpoint::Checkpoint,
    note::{Note, VerifierKey},
};
use policy::Action;
use rstest::rstest;
use store::{
    testing::Database,
    verify::{Assurance, Verdict},
};

use crate::scene::{Scene, commit};

impl Scene {
    async fn grow(&self, count: u64) -> anyhow::Result<()> {
        let principal = self.owner().principal();
        self.db
            .store
            .fill_outbox(self.seed.tenant, principal, count)
            .await?;
        self.db.sequence_all().await?;
        Ok(())
    }

    async fn checkpoint_sizes(&self) -> anyhow::Result<Vec<String>> {
        let sql = format!(
            "SELECT CAST(size AS text) FROM audit_checkpoint WHERE tenant_id = {} ORDER BY size",
            self.tenant_sql()
        );
        Ok(self.db.look(&sql).await?.into_iter().flatten().collect())
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn the_newest_checkpoint_is_signed_by_the_key_the_chain_shows(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.grow(700).await?;
    let snapshot = scene.db.store.snapshot(&scene.owner()).await?;
    let chain = snapshot.view(Action::AuditRead)?.audit_chain().await?;
    let key = VerifierKey::parse(&chain.public_key)?;
    let note = Note::parse(chain.checkpoint.as_bytes())?;
    let keys = [key];
    let opened = Checkpoint::open(&note, &keys)?;
    assert_eq!(i64::try_from(opened.checkpoint.tree.size)?, chain.size);
    let found = scene.verdict().await?;
    assert_eq!(
        (found.verdict, found.assurance),
        (Verdict::Intact, Assurance::A1)
    );
    drop(snapshot);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn within_a_minute_only_the_newest_checkpoint_stays(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    for cause in ["one", "two", "three"] {
        commit(&scene.db.store, &scene.owner(), cause).await?;
        scene.db.sequence_all().await?;
    }
    // The first is that of the genesis, which stays. A minute may have ended meanwhile.
    let sizes = scene.checkpoint_sizes().await?;
    assert_eq!(sizes.first().map(String::as_str), Some("1"));
    assert_eq!(sizes.last().map(String::as_str), Some("6"));
    assert!(sizes.len() <= 3, "{sizes:?}");
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_log_older_than_trees_gets_one_with_its_next_entry(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.grow(1_300).await?;
    for table in ["audit_tile", "audit_checkpoint"] {
        scene.db.tamper(&format!("DELETE FROM {table}")).await?;
    }
    scene
        .db
        .tamper("UPDATE audit_head SET frontier = NULL")
        .await?;
    scene.grow(1).await?;
    let found = scene.verdict().await?;
    assert_eq!(
        (found.verdict, found.size),
        (Verdict::Intact, 1_304),
        "{found:?}"
    );
    assert_eq!(scene.count("audit_tile").await?, 5);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn nothing_is_signed_on_top_of_a_tree_that_was_not_signed(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.grow(3).await?;
    let tamper = format!(
        "UPDATE audit_head SET frontier = (SELECT frontier FROM audit_head h \
         WHERE h.tenant_id <> {0} AND h.size = (SELECT MAX(size) FROM audit_head WHERE tenant_id <> {0})) \
         WHERE tenant_id = {0}",
        scene.tenant_sql()
    );
    scene.db.tamper(&tamper).await?;
    commit(&scene.db.store, &scene.owner(), "later").await?;
    scene.db.sequence_all().await?;
    let found = scene.verdict().await?;
    assert_eq!((found.verdict, found.size), (Verdict::Broken, 6));
    assert_eq!(scene.db.store.pending_events().await?, 1);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_cut_tail_shows_by_the_checkpoint_that_was_kept(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.grow(3).await?;
    let tenant = scene.tenant_sql();
    for table in ["audit_entry", "audit_target", "audit_disclosure"] {
        let cut = format!("DELETE FROM {table} WHERE tenant_id = {tenant} AND seq = 5");
        scene.db.tamper(&cut).await?;
    }
    let head = format!(
        "UPDATE audit_head SET size = 5, frontier = NULL, last_hash = (SELECT leaf FROM audit_entry \
         WHERE tenant_id = {tenant} AND seq = 4), last_ts = (SELECT sequenced_at FROM audit_entry \
         WHERE tenant_id = {tenant} AND seq = 4) WHERE tenant_id = {tenant}"
    );
    scene.db.tamper(&head).await?;
    let found = scene.verdict().await?;
    let first = found.first_bad.map(|first| (first.seq, first.damage));
    assert_eq!(first, Some((5, Damage::RolledBack)));
    Ok(scene.db.close().await?)
}
