//! Runs that begin behind an earlier one, and heads that the log must bear out.

use audit::{chain::Damage, hash::Hash, merkle::TreeHead};
use chrono::TimeDelta;
use entity::{TenantId, verification};
use rstest::rstest;
use store::{
    StoreError,
    testing::Database,
    verification::{Due, Question, StartedBy},
    verify::{Inspection, Keeper, Kept, Verdict},
};

use crate::scene::{Scene, commit};

impl Scene {
    /// Verifies by the store's own doors, as the service does.
    async fn run(&self, question: Question<'_>) -> anyhow::Result<verification::Model> {
        let store = &self.db.store;
        let begun = store.begin_verification(&self.owner(), question).await?;
        self.db.sequence_all().await?;
        let kept = begun.receipt.into_iter().collect();
        let ended = store.run_verification(&begun.run, kept, |_| {}).await?;
        self.db.sequence_all().await?;
        self.db.clock.advance(TimeDelta::seconds(1));
        Ok(ended)
    }

    pub(crate) async fn incremental(&self) -> anyhow::Result<verification::Model> {
        self.run(Question::default()).await
    }

    pub(crate) async fn full(&self) -> anyhow::Result<verification::Model> {
        self.run(Question {
            full: true,
            receipt: None,
        })
        .await
    }

    async fn with_receipt(&self, note: &str) -> anyhow::Result<verification::Model> {
        self.run(Question {
            full: false,
            receipt: Some(note),
        })
        .await
    }

    async fn more(&self, count: u64) -> anyhow::Result<()> {
        let principal = self.owner().principal();
        let tenant = self.seed.tenant;
        self.db.store.fill_outbox(tenant, principal, count).await?;
        self.db.sequence_all().await?;
        Ok(())
    }

    /// Gives the entry other bytes.
    async fn alter(&self, seq: i64) -> anyhow::Result<()> {
        let raw = match self.db.kind() {
            Database::Sqlite => "CAST(replace(CAST(raw AS TEXT), 'success', 'failure') AS BLOB)",
            Database::Postgres => {
                "convert_to(replace(convert_from(raw, 'UTF8'), 'success', 'failure'), 'UTF8')"
            }
        };
        let tenant = self.tenant_sql();
        let sql = format!(
            "UPDATE audit_entry SET raw = {raw} WHERE tenant_id = {tenant} AND seq = {seq}"
        );
        assert_eq!(self.db.tamper(&sql).await?, 1);
        Ok(())
    }
}

fn verdict(run: &verification::Model) -> (&str, &str, i64) {
    let word = |word: &'static str| word;
    let verdict = run.verdict.as_deref().unwrap_or(word(""));
    let assurance = run.assurance.as_deref().unwrap_or(word(""));
    (verdict, assurance, run.begin_size)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_run_reads_what_came_since_the_last_intact_one(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(300).await?;
    let first = scene.incremental().await?;
    assert_eq!(verdict(&first), ("INTACT", "A1", 0), "{first:?}");
    for more in [1, 255, 300] {
        scene.more(more).await?;
        let before = scene.last_size().await?;
        let next = scene.incremental().await?;
        assert_eq!(verdict(&next), ("INTACT", "A1", before), "{next:?}");
        assert_eq!(next.begin_size + next.entries_read, next.size);
        assert!(next.size > before);
    }
    let full = scene.full().await?;
    assert_eq!(
        (verdict(&full), full.entries_read),
        (("INTACT", "A1", 0), full.size)
    );
    Ok(scene.db.close().await?)
}

impl Scene {
    /// How far the newest run came.
    async fn last_size(&self) -> anyhow::Result<i64> {
        let sql = format!(
            "SELECT CAST(size AS text) FROM verification WHERE tenant_id = {} \
             ORDER BY started_at DESC LIMIT 1",
            self.tenant_sql()
        );
        let cells = self.db.look(&sql).await?;
        Ok(cells
            .into_iter()
            .flatten()
            .next()
            .unwrap_or_default()
            .parse()?)
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn damage_behind_the_start_is_found_and_before_it_waits_for_the_full_run(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(300).await?;
    let begin = scene.incremental().await?.size;
    scene.more(300).await?;
    scene.alter(begin + 40).await?;
    let found = scene.incremental().await?;
    assert_eq!((verdict(&found).0, found.begin_size), ("BROKEN", begin));
    assert_eq!(found.first_bad_seq, Some(begin + 40));
    assert_eq!(found.last_good_size, Some(begin));
    assert!(found.first_bad_size > Some(begin) && found.first_bad_at.is_some());
    let again = scene.incremental().await?;
    assert_eq!(
        again.begin_size, begin,
        "a broken run is nothing to build on"
    );
    // What was read is taken on its hashes.
    scene.alter(20).await?;
    assert_eq!(scene.incremental().await?.first_bad_seq, Some(begin + 40));
    assert_eq!(scene.full().await?.first_bad_seq, Some(20));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn hashes_that_do_not_give_the_signed_root_make_the_run_read_everything(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(300).await?;
    let begin = scene.incremental().await?.size;
    assert!(begin > 300);
    let zeros = match kind {
        Database::Sqlite => "zeroblob(32)",
        Database::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    let tenant = scene.tenant_sql();
    let sql =
        format!("UPDATE audit_entry SET leaf = {zeros} WHERE tenant_id = {tenant} AND seq = 260");
    scene.db.tamper(&sql).await?;
    let found = scene.incremental().await?;
    assert_eq!((verdict(&found).0, found.begin_size), ("BROKEN", 0));
    assert_eq!(found.first_bad_seq, Some(260));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn the_row_of_a_run_cannot_be_made_up(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(300).await?;
    let run = scene.incremental().await?;
    scene.more(300).await?;
    scene.alter(run.size + 10).await?;
    // A genuine checkpoint of what was never read.
    let sql = format!(
        "UPDATE verification SET checkpoint = (SELECT note FROM audit_checkpoint c \
         WHERE c.tenant_id = verification.tenant_id ORDER BY size DESC LIMIT 1) \
         WHERE tenant_id = {}",
        scene.tenant_sql()
    );
    assert_eq!(scene.db.tamper(&sql).await?, 1);
    let found = scene.incremental().await?;
    assert_eq!(
        (found.begin_size, found.first_bad_seq),
        (0, Some(run.size + 10))
    );
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_key_that_was_replaced_before_the_start_is_no_obstacle(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let (store, tenant) = (&scene.db.store, scene.seed.tenant);
    scene.more(10).await?;
    store.rotate_log_key_by_duty(tenant).await?;
    scene.more(10).await?;
    let begin = scene.incremental().await?.size;
    scene.db.clock.advance(TimeDelta::hours(25));
    assert!(
        store
            .retire_log_key(tenant, TimeDelta::hours(24))
            .await?
            .is_some()
    );
    scene.more(10).await?;
    let found = scene.incremental().await?;
    assert_eq!(verdict(&found), ("INTACT", "A1", begin), "{found:?}");
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_receipt_that_is_borne_out_is_worth_more(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(20).await?;
    let old = scene.incremental().await?;
    let receipt = old.checkpoint.clone().unwrap_or_default();
    scene.more(300).await?;
    scene.incremental().await?;
    scene.more(10).await?;
    // Before the start, and again with every entry read.
    let found = scene.with_receipt(&receipt).await?;
    assert_eq!(
        (verdict(&found).0, verdict(&found).1),
        ("INTACT", "A2"),
        "{found:?}"
    );
    assert!(found.begin_size > old.size);
    assert_eq!(found.receipt_size, Some(old.size));
    let full = Question {
        full: true,
        receipt: Some(&receipt),
    };
    let found = scene.run(full).await?;
    assert_eq!(verdict(&found), ("INTACT", "A2", 0));
    assert!(found.receipt_at.is_some_and(|at| at <= found.started_at));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_checkpoint_that_was_handed_out_stays(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    scene.more(5).await?;
    let note = store.hand_out_checkpoint(&scene.owner()).await?;
    scene.more(5).await?;
    let sql = format!(
        "SELECT note FROM audit_checkpoint WHERE tenant_id = {} AND pinned",
        scene.tenant_sql()
    );
    assert!(scene.db.look(&sql).await?.contains(&Some(note.clone())));
    assert_eq!(verdict(&scene.with_receipt(&note).await?).1, "A2");
    let member = scene.seed.actor(policy::Role::Member);
    let refused = store.hand_out_checkpoint(&member).await;
    assert!(matches!(refused, Err(StoreError::Forbidden(_))));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_receipt_of_another_log_or_of_nobody_is_refused(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(5).await?;
    let system = scene
        .db
        .store
        .verify_chain(TenantId::SYSTEM, |_| {})
        .await?;
    let own = scene.incremental().await?.checkpoint.unwrap_or_default();
    let forged = own
        .replacen("\n8\n", "\n9\n", 1)
        .replacen("\n9\n", "\n10\n", 1);
    assert_ne!(forged, own);
    let long = format!("{own}{}", " ".repeat(8_192));
    for note in [
        "",
        "x",
        &forged,
        &long,
        &system.checkpoint.unwrap_or_default(),
    ] {
        let question = Question {
            full: false,
            receipt: Some(note),
        };
        let refused = scene
            .db
            .store
            .begin_verification(&scene.owner(), question)
            .await;
        let is_refused = matches!(
            refused,
            Err(StoreError::Invalid {
                field: "receipt",
                ..
            })
        );
        assert!(is_refused, "{note}");
    }
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_genuine_receipt_shows_a_tail_that_was_cut(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(20).await?;
    let tables = [
        "audit_entry",
        "audit_target",
        "audit_disclosure",
        "audit_head",
    ];
    let tables = tables
        .iter()
        .chain(&["audit_checkpoint", "audit_tile", "verification"]);
    for table in tables.clone() {
        let sql = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}");
        scene.db.tamper(&sql).await?;
    }
    let size = scene.raws().await?.len() as u64;
    scene.more(30).await?;
    let receipt = scene.incremental().await?.checkpoint.unwrap_or_default();
    // All of it as it was: nothing inside contradicts anything.
    for table in tables {
        let sql = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}");
        scene.db.tamper(&sql).await?;
    }
    scene.db.tamper("DELETE FROM audit_outbox").await?;
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    let store = &scene.db.store;
    let question = Question {
        full: false,
        receipt: Some(&receipt),
    };
    let begun = store.begin_verification(&scene.owner(), question).await?;
    let kept = begun.receipt.into_iter().collect();
    let found = store.run_verification(&begun.run, kept, |_| {}).await?;
    assert_eq!(found.damage.as_deref(), Some("ROLLED_BACK"), "{found:?}");
    assert!(found.first_bad_seq >= i64::try_from(size).ok());
    assert_eq!(found.assurance.as_deref(), Some("A0"));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn another_root_outside_is_a_fork_behind_what_is_signed(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.more(20).await?;
    let kept = Kept {
        epoch: 0,
        tree: TreeHead {
            size: 12,
            root: Hash([1; 32]),
        },
        by: Keeper::Anchor,
        at_micros: None,
    };
    let inspection = Inspection {
        since: None,
        kept: vec![kept],
    };
    let store = &scene.db.store;
    let found = store
        .verify_log(scene.seed.tenant, &inspection, |_| {})
        .await?;
    let first = found.first_bad.map(|first| (first.damage, first.seq < 12));
    assert_eq!(first, Some((Damage::Forked, true)));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn logs_are_due_by_their_last_run_and_the_system_log_too(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let (store, clock) = (&scene.db.store, &scene.db.clock);
    commit(store, &scene.owner(), "something").await?;
    let due = async || {
        let (day, week) = (TimeDelta::days(1), TimeDelta::days(7));
        let now = store.now();
        store
            .due_verification(Some(now - day), Some(now - week))
            .await
    };
    assert_eq!(due().await?, None, "a new log is not due");
    clock.advance(TimeDelta::days(2));
    let mut done = Vec::new();
    while let Some(Due { tenant, full }) = due().await? {
        assert!(!full);
        let by = StartedBy::Schedule;
        let begun = store.begin_verification_by_duty(tenant, full, by).await?;
        let ended = store
            .run_verification(&begun.run, Vec::new(), |_| {})
            .await?;
        assert_eq!(
            (verdict(&ended).0, ended.started_by.as_str()),
            ("INTACT", "schedule")
        );
        done.push(tenant);
    }
    assert_eq!(done, [TenantId::SYSTEM, scene.seed.tenant]);
    clock.advance(TimeDelta::days(6));
    let full = Due {
        tenant: TenantId::SYSTEM,
        full: true,
    };
    assert_eq!(due().await?, Some(full));
    Ok(scene.db.close().await?)
}
