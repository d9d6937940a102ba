//! Replacing the signing key of a log.

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
    ConflictCode, StoreError,
    testing::Database,
    verify::{Assurance, Verdict},
};

use crate::scene::{Scene, commit};

impl Scene {
    async fn log_key(&self) -> anyhow::Result<VerifierKey> {
        let snapshot = self.db.store.snapshot(&self.owner()).await?;
        let chain = snapshot.view(Action::AuditRead)?.audit_chain().await?;
        Ok(VerifierKey::parse(&chain.public_key)?)
    }

    async fn signers(&self, keys: &[VerifierKey]) -> anyhow::Result<usize> {
        let snapshot = self.db.store.snapshot(&self.owner()).await?;
        let chain = snapshot.view(Action::AuditRead)?.audit_chain().await?;
        let note = Note::parse(chain.checkpoint.as_bytes())?;
        Ok(Checkpoint::open(&note, keys)?.log_keys.len())
    }

    async fn rotate(&self) -> anyhow::Result<VerifierKey> {
        let rotated = self
            .db
            .store
            .rotate_log_key_by_duty(self.seed.tenant)
            .await?;
        Ok(VerifierKey::parse(&rotated.vkey)?)
    }

    async fn retire(&self) -> Result<bool, StoreError> {
        let store = &self.db.store;
        let retired = store
            .retire_log_key(self.seed.tenant, TimeDelta::hours(24))
            .await?;
        Ok(retired.is_some())
    }

    async fn add(&self, cause: &str) -> anyhow::Result<()> {
        commit(&self.db.store, &self.owner(), cause).await?;
        self.db.sequence_all().await?;
        Ok(())
    }

    async fn expect_intact(&self) -> anyhow::Result<()> {
        let found = self.verdict().await?;
        assert_eq!(
            (found.verdict, found.assurance),
            (Verdict::Intact, Assurance::A1),
            "{found:?}"
        );
        Ok(())
    }
}

fn is_refused<T>(result: Result<T, StoreError>) -> bool {
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
async fn both_keys_sign_until_the_old_one_retires(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.add("before").await?;
    let old = scene.log_key().await?;
    let new = scene.rotate().await?;
    let keys = [old, new];
    assert_eq!(scene.signers(&keys).await?, 2);
    scene.expect_intact().await?;
    scene.add("between").await?;
    assert_eq!(scene.signers(&keys).await?, 2);
    assert!(!scene.retire().await?, "the overlap is not over");
    scene.db.clock.advance(TimeDelta::hours(25));
    assert!(scene.retire().await?);
    assert!(!scene.retire().await?, "there is nothing more to retire");
    scene.add("after").await?;
    let [old, new] = keys;
    assert_eq!(scene.log_key().await?, new);
    assert_eq!(scene.signers(&[new]).await?, 1);
    assert!(scene.signers(&[old]).await.is_err());
    scene.expect_intact().await?;
    let raws = scene.raws().await?;
    let told = |what: &str| raws.iter().filter(|raw| raw.contains(what)).count();
    assert_eq!(told(r#""action":"audit.key","#), 1);
    assert_eq!(told(r#""meta":{"key_no":2,"retires":1,"vkey":"#), 1);
    assert_eq!(told(r#""action":"audit.key.retired","#), 1);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_retired_key_leaves_no_seed(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.rotate().await?;
    scene.db.clock.advance(TimeDelta::hours(25));
    assert!(scene.retire().await?);
    let sql = format!(
        "SELECT CAST(key_no AS text) || ' ' || CAST(master_no AS text) || ' ' \
         || CAST(length(sealed) AS text) FROM audit_key WHERE tenant_id = {} ORDER BY key_no",
        scene.tenant_sql()
    );
    let found: Vec<String> = scene.db.look(&sql).await?.into_iter().flatten().collect();
    assert_eq!(found, ["1 0 0", "2 1 72"]);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn keys_are_replaced_one_at_a_time_and_also_of_the_system_log(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let operator = scene.seed.operator();
    let system = store.rotate_log_key(&operator, TenantId::SYSTEM).await?;
    assert_eq!((system.key_no, system.retires), (2, 1));
    assert!(is_refused(
        store.rotate_log_key(&operator, TenantId::SYSTEM).await
    ));
    let nobody = store.rotate_log_key(&operator, TenantId::generate()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))));
    scene.db.sequence_all().await?;
    let found = store.verify_chain(TenantId::SYSTEM, |_| {}).await?;
    assert_eq!(found.verdict, Verdict::Intact, "{found:?}");
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn keys_become_due_by_age(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let year_ago = || store.now() - TimeDelta::days(365);
    assert_eq!(store.aged_log_keys(year_ago(), 10).await?, []);
    scene.db.clock.advance(TimeDelta::days(366));
    let mut due = store.aged_log_keys(year_ago(), 10).await?;
    due.sort();
    assert_eq!(due, [TenantId::SYSTEM, scene.seed.tenant]);
    scene.rotate().await?;
    assert_eq!(
        store.aged_log_keys(year_ago(), 10).await?,
        [TenantId::SYSTEM]
    );
    let day_ago = store.now() - TimeDelta::hours(24);
    assert_eq!(store.replaced_log_keys(day_ago, 10).await?, []);
    let later = store.now() + TimeDelta::hours(1);
    assert_eq!(
        store.replaced_log_keys(later, 10).await?,
        [scene.seed.tenant]
    );
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_key_does_not_retire_before_both_have_signed(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.rotate().await?;
    scene.db.clock.advance(TimeDelta::hours(25));
    scene
        .db
        .tamper("DELETE FROM audit_checkpoint WHERE size > 1")
        .await?;
    let sql = "INSERT INTO audit_checkpoint SELECT tenant_id, epoch, size + 100, root, note, \
               signed_at, cosigned_at, pinned FROM audit_checkpoint";
    scene.db.tamper(sql).await?;
    assert!(is_refused(scene.retire().await));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn rows_of_keys_that_differ_from_their_entries_are_damage(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.add("before").await?;
    scene.rotate().await?;
    scene.db.clock.advance(TimeDelta::hours(25));
    scene.retire().await?;
    scene.expect_intact().await?;
    scene
        .db
        .tamper("CREATE TABLE kept AS SELECT * FROM audit_key")
        .await?;
    let kept = "DELETE FROM audit_key; INSERT INTO audit_key SELECT * FROM kept";
    // The tenant's log: genesis, the tenant's beginning, one event or more, then the keys'.
    let introduced = scene.raws().await?.len() as u64 - 2;
    for (key_no, assignment, seq) in [
        (1, "retired_at = NULL", 0),
        (1, "retired_at = created_at", 0),
        (1, "master_no = 1", 0),
        (1, "sealed = public", 0),
        (2, "retired_at = created_at", introduced),
        (2, "key_no = 3", introduced),
        (2, "sealed = public", introduced),
        (2, "created_at = '2020-01-01T00:00:00+00:00'", introduced),
    ] {
        let sql = format!(
            "UPDATE audit_key SET {assignment} WHERE tenant_id = {} AND key_no = {key_no}",
            scene.tenant_sql()
        );
        assert_eq!(scene.db.tamper(&sql).await?, 1, "{sql}");
        let first = scene.verdict().await?.first_bad;
        let first = first.map(|first| (first.damage, first.seq));
        assert_eq!(first, Some((Damage::ProjectionAltered, seq)), "{sql}");
        scene.db.tamper(kept).await?;
    }
    scene.expect_intact().await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_checkpoint_without_the_key_in_force_is_damage(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.rotate().await?;
    scene.add("later").await?;
    // The last line is the signature of the newer key.
    let newest = format!(
        "SELECT note FROM audit_checkpoint WHERE tenant_id = {} ORDER BY size DESC LIMIT 1",
        scene.tenant_sql()
    );
    let note = scene.db.look(&newest).await?.remove(0).unwrap_or_default();
    let size = scene.raws().await?.len() as u64;
    let (cut, _) = note.trim_end().rsplit_once('\n').unwrap_or_default();
    let sql = format!(
        "UPDATE audit_checkpoint SET note = '{cut}\n' WHERE tenant_id = {} AND size = {size}",
        scene.tenant_sql()
    );
    assert_eq!(scene.db.tamper(&sql).await?, 1);
    let found = scene.verdict().await?;
    assert_eq!(found.verdict, Verdict::Broken);
    assert_eq!(found.first_bad.map(|first| first.seq), Some(size - 1));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn nobody_introduces_a_key_through_the_outbox(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.add("one").await?;
    let principal = scene.owner().principal();
    let store = &scene.db.store;
    store.fill_outbox(scene.seed.tenant, principal, 1).await?;
    let forge = match kind {
        Database::Sqlite => {
            "UPDATE audit_outbox SET draft = CAST(replace(CAST(draft AS TEXT), \
             'file.trash', 'audit.key') AS BLOB)"
        }
        Database::Postgres => {
            "UPDATE audit_outbox SET draft = convert_to(replace(convert_from(draft, 'UTF8'), \
             'file.trash', 'audit.key'), 'UTF8')"
        }
    };
    assert_eq!(scene.db.tamper(forge).await?, 1);
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let last = raws.last().map(String::as_str).unwrap_or_default();
    assert!(
        last.contains(r#""action":"audit.draft_rejected""#),
        "{last}"
    );
    assert!(last.contains("only the log itself"), "{last}");
    Ok(scene.db.close().await?)
}
