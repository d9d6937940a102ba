//! What carries the log outside: times on checkpoints, heads in the system log, anchors.

use audit::{
    chain::Damage,
    checkpoint::Checkpoint,
    note::{Note, VerifierKey},
};
use chrono::TimeDelta;
use entity::TenantId;
use policy::Action;
use rstest::rstest;
use store::{
    EventStatus,
    audit_entry::ChainInfo,
    ledger::HeadMark,
    testing::{Database, another_tenant},
    verify::Verdict,
};

use crate::scene::{Scene, commit, uuid_sql};

impl Scene {
    async fn chain(&self) -> anyhow::Result<ChainInfo> {
        let snapshot = self.db.store.snapshot(&self.owner()).await?;
        Ok(snapshot.view(Action::AuditRead)?.audit_chain().await?)
    }

    /// The time on the newest checkpoint, in seconds.
    async fn time(&self) -> anyhow::Result<Option<u64>> {
        let chain = self.chain().await?;
        let mut keys = vec![VerifierKey::parse(&chain.public_key)?];
        if let Some(cosigner) = &chain.cosigner_key {
            keys.push(VerifierKey::parse(cosigner)?);
        }
        let note = Note::parse(chain.checkpoint.as_bytes())?;
        let opened = Checkpoint::open(&note, &keys)?;
        Ok(opened.cosignatures.first().map(|found| found.time))
    }

    async fn cosign(&self) -> anyhow::Result<u64> {
        let hour_ago = self.db.store.now() - TimeDelta::hours(1);
        Ok(self.db.store.cosign_due(hour_ago).await?)
    }

    async fn expect_all_intact(&self) -> anyhow::Result<()> {
        for tenant in [self.seed.tenant, TenantId::SYSTEM] {
            let found = self.db.store.verify_chain(tenant, |_| {}).await?;
            assert_eq!(found.verdict, Verdict::Intact, "{found:?}");
        }
        Ok(())
    }

    async fn count_in_system(&self, action: &str) -> anyhow::Result<usize> {
        let sql = format!(
            "SELECT action FROM audit_entry WHERE tenant_id = {} AND action = '{action}'",
            uuid_sql(TenantId::SYSTEM)
        );
        Ok(self.db.look(&sql).await?.len())
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn every_newest_checkpoint_gets_the_time_once_an_hour(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    assert_eq!(scene.chain().await?.cosigner_key, None);
    // The tenant's log and the deployment's.
    assert_eq!(scene.cosign().await?, 2);
    assert_eq!(scene.cosign().await?, 0);
    let first = scene.time().await?.unwrap_or_default();
    assert!(first.abs_diff(scene.db.store.now().timestamp().unsigned_abs()) < 60);
    scene.expect_all_intact().await?;
    scene.db.clock.advance(TimeDelta::hours(2));
    assert_eq!(scene.cosign().await?, 2, "idle logs are cosigned as well");
    assert!(scene.time().await? >= Some(first));
    scene.expect_all_intact().await?;
    commit(&scene.db.store, &scene.owner(), "later").await?;
    scene.db.sequence_all().await?;
    assert_eq!(scene.time().await?, None, "a new head has no time yet");
    scene.expect_all_intact().await?;
    assert_eq!(scene.count_in_system("audit.cosigner").await?, 1);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn what_the_log_did_not_sign_gets_no_time(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    let sql = format!(
        "UPDATE audit_checkpoint SET root = (SELECT root FROM audit_checkpoint WHERE size = 1 \
         AND tenant_id = {0}) WHERE tenant_id = {0}",
        scene.tenant_sql()
    );
    scene.db.tamper(&sql).await?;
    assert_eq!(scene.cosign().await?, 1);
    assert_eq!(scene.time().await?, None);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_time_or_a_cosigner_that_was_changed_is_damage(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    scene.cosign().await?;
    scene.db.sequence_all().await?;
    let last = scene.raws().await?.len() as u64 - 1;
    for table in ["audit_checkpoint", "audit_cosigner"] {
        let sql = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}");
        scene.db.tamper(&sql).await?;
    }
    let of_log = format!(
        "WHERE tenant_id = {} AND size = {}",
        scene.tenant_sql(),
        last + 1
    );
    let long_ago = "'2020-01-01T00:00:00+00:00'";
    for (sql, seq) in [
        (
            format!("UPDATE audit_checkpoint SET cosigned_at = NULL {of_log}"),
            last,
        ),
        (
            format!("UPDATE audit_checkpoint SET cosigned_at = {long_ago} {of_log}"),
            last,
        ),
        ("UPDATE audit_cosigner SET key_no = 2".to_owned(), 0),
        ("UPDATE audit_cosigner SET master_no = 2".to_owned(), 0),
        ("UPDATE audit_cosigner SET sealed = public".to_owned(), 0),
        ("UPDATE audit_cosigner SET public = sealed".to_owned(), 0),
        (
            format!("UPDATE audit_cosigner SET created_at = {long_ago}"),
            0,
        ),
        ("DELETE FROM audit_cosigner".to_owned(), 0),
    ] {
        assert_eq!(scene.db.tamper(&sql).await?, 1, "{sql}");
        let first = scene.verdict().await?.first_bad;
        let first = first.map(|first| (first.damage, first.seq));
        assert_eq!(first, Some((Damage::ProjectionAltered, seq)), "{sql}");
        let undo = "DELETE FROM audit_checkpoint; INSERT INTO audit_checkpoint \
                    SELECT * FROM kept_audit_checkpoint; DELETE FROM audit_cosigner; \
                    INSERT INTO audit_cosigner SELECT * FROM kept_audit_cosigner";
        scene.db.tamper(undo).await?;
    }
    scene.expect_all_intact().await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn heads_that_moved_are_entered_into_the_system_log_once(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    scene.db.sequence_all().await?;
    assert_eq!(store.collect_heads().await?, 1);
    assert_eq!(store.collect_heads().await?, 0);
    for _ in 0..100 {
        another_tenant(store, &scene.seed).await?;
    }
    scene.db.sequence_all().await?;
    // What an entry holds is bounded, so a hundred heads take more than one.
    assert_eq!(store.collect_heads().await?, 100);
    assert_eq!(scene.count_in_system("audit.checkpoint").await?, 3);
    scene.expect_all_intact().await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn an_anchor_names_every_head_since_the_last_one(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let event = commit(store, &scene.owner(), "one").await?;
    scene.db.sequence_all().await?;
    store.collect_heads().await?;
    commit(store, &scene.owner(), "two").await?;
    scene.db.sequence_all().await?;
    store.collect_heads().await?;
    let anchor = store
        .begin_anchor()
        .await?
        .unwrap_or_else(|| unreachable!());
    assert_eq!(store.begin_anchor().await?.as_ref(), Some(&anchor));
    let [tenant, system] = anchor.logs.as_slice() else {
        panic!("two logs: {anchor:?}");
    };
    assert_eq!(tenant.tenant, scene.seed.tenant);
    assert_eq!(i64::try_from(tenant.size)?, scene.chain().await?.size);
    assert_eq!(*system, anchor.head);
    let note = Note::parse(anchor.note.as_bytes())?;
    let told = Checkpoint::parse(note.text())?.tree;
    assert_eq!((told.size, told.root), (system.size, system.root));
    let status = async || {
        let snapshot = store.snapshot(&scene.owner()).await?;
        let found = snapshot
            .view(Action::TenantRead)?
            .find_event(event.id)
            .await?;
        anyhow::Ok(found.map(|found| found.status))
    };
    assert_eq!(status().await?, Some(EventStatus::Signed));
    store.mark_anchored(&anchor).await?;
    assert_eq!(status().await?, Some(EventStatus::Anchored));
    assert_eq!(store.begin_anchor().await?, None);
    assert_eq!(store.anchored().await?, (0, anchor.head.size));
    scene.expect_all_intact().await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn an_anchored_checkpoint_stays_and_the_next_anchor_is_a_larger_one(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    scene.db.sequence_all().await?;
    let first = store
        .begin_anchor()
        .await?
        .unwrap_or_else(|| unreachable!());
    store.mark_anchored(&first).await?;
    store.collect_heads().await?;
    let second = store
        .begin_anchor()
        .await?
        .unwrap_or_else(|| unreachable!());
    assert!(second.head.is_ahead_of(&first.head));
    assert!(!first.head.is_ahead_of(&second.head));
    let other = HeadMark {
        root: second.head.root,
        ..first.head
    };
    assert!(
        other.is_ahead_of(&first.head),
        "of one size there is one head"
    );
    let sql = format!(
        "SELECT note FROM audit_checkpoint WHERE tenant_id = {} AND size = {}",
        uuid_sql(TenantId::SYSTEM),
        first.head.size
    );
    assert_eq!(scene.db.look(&sql).await?, [Some(first.note)]);
    Ok(scene.db.close().await?)
}
