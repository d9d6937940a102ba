//! The heads of logs on their way out of the database.

use std::time::Duration;

use api::{
    service::audit,
    worker::{anchor, log_keys, verification},
};
use chrono::TimeDelta;
use entity::TenantId;
use rstest::rstest;
use store::{testing::Database, verification::Question};

use crate::scene::{Scene, scene_with};

struct Outside {
    scene: Scene,
    file: std::path::PathBuf,
    _directory: tempfile::TempDir,
}

async fn outside(kind: Database) -> Outside {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("anchors.ndjson");
    let path = file.to_string_lossy();
    let pairs = [
        ("STRONGROOM_ANCHOR_BUCKET", "tests"),
        ("STRONGROOM_ANCHOR_FILE", path.as_ref()),
    ];
    Outside {
        scene: scene_with(kind, &pairs).await,
        file,
        _directory: directory,
    }
}

impl Outside {
    async fn recorded(&self, action: &str) -> usize {
        self.scene.database.sequence_all().await.unwrap();
        let sql = format!("SELECT action FROM audit_entry WHERE action = '{action}'");
        self.scene.database.look(&sql).await.unwrap().len()
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.file).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_head_that_moved_is_kept_outside_once(#[case] kind: Database) {
    let outside = outside(kind).await;
    let app = &outside.scene.app;
    outside.scene.database.sequence_all().await.unwrap();
    assert_eq!(anchor::anchor(app).await.unwrap(), 1);
    assert_eq!(anchor::anchor(app).await.unwrap(), 0);
    assert_eq!(outside.lines().len(), 1);
    let objects = app.blob.list("audit/anchors/", None, 10).await.unwrap();
    assert_eq!(objects.len(), 1);
    let marks = anchor::load_marks(&app.store, &app.anchors).await.unwrap();
    let tenants: Vec<TenantId> = marks.iter().map(|mark| mark.tenant).collect();
    assert_eq!(tenants, [TenantId::SYSTEM, outside.scene.seed.tenant]);
    outside.scene.database.close().await.unwrap();
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_fork_quarantines_what_is_behind_and_nothing_counts_as_anchored(#[case] kind: Database) {
    let outside = outside(kind).await;
    let (app, database) = (&outside.scene.app, &outside.scene.database);
    database.sequence_all().await.unwrap();
    anchor::anchor(app).await.unwrap();
    let before = app.store.anchored().await.unwrap();
    // As if the database had been put back behind what is kept outside.
    let sql = "UPDATE audit_head SET anchored_size = 0";
    database.tamper(sql).await.unwrap();
    let line = outside.lines().remove(0);
    let size = format!("\"size\":{}", before.1);
    std::fs::write(&outside.file, line.replace(&size, "\"size\":900") + "\n").unwrap();
    let restarted = api::app::App::new(app.config.clone(), app.store.clone(), app.blob.clone());
    assert!(anchor::anchor(&restarted).await.is_err());
    assert!(anchor::anchor(&restarted).await.is_err());
    assert_eq!(app.store.anchored().await.unwrap(), (0, 0));
    let system = TenantId::SYSTEM.uuid();
    let sql = format!("SELECT state FROM audit_head WHERE tenant_id = '{system}'");
    let states = database.look(&sql).await.unwrap();
    assert_eq!(states, [Some("quarantined".to_owned())]);
    // Once for the anchor that did not fit, once for the log.
    app.store.recover_log(TenantId::SYSTEM).await.unwrap();
    assert_eq!(outside.recorded("audit.fork_detected").await, 2);
    anchor::anchor(&restarted).await.unwrap();
    assert_eq!(app.store.anchored().await.unwrap().0, 1);
    outside.scene.database.close().await.unwrap();
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_database_that_was_put_back_is_noticed_and_the_verdict_says_so(#[case] kind: Database) {
    let outside = outside(kind).await;
    let (app, database) = (&outside.scene.app, &outside.scene.database);
    let (store, tenant) = (&app.store, outside.scene.seed.tenant);
    let owner = outside.scene.seed.actor(policy::Role::Owner);
    database.sequence_all().await.unwrap();
    anchor::anchor(app).await.unwrap();
    let question = Question::default();
    let verified = audit::verify(app, &owner, question, Duration::from_secs(30)).await;
    let run = verified.unwrap().run;
    assert_eq!(run.assurance.as_deref(), Some("A3"), "{run:?}");
    assert!(run.anchor_size.is_some() && run.anchor_at.is_some());
    // Only the copy outside knows of more.
    let line = outside.lines().remove(0);
    let more = line.replace(
        &format!("\"tenant\":\"{}\",\"epoch\":0,\"size\":", tenant.uuid()),
        &format!("\"tenant\":\"{}\",\"epoch\":0,\"size\":7", tenant.uuid()),
    );
    assert_ne!(more, line);
    std::fs::write(&outside.file, more + "\n").unwrap();
    let restarted = api::app::App::new(app.config.clone(), store.clone(), app.blob.clone());
    let compared = anchor::compare(&restarted.store, &restarted.anchors)
        .await
        .unwrap();
    assert_eq!(compared.quarantined.len(), 1);
    let verified = audit::verify(&restarted, &owner, question, Duration::from_secs(30)).await;
    let run = verified.unwrap().run;
    assert_eq!(run.damage.as_deref(), Some("ROLLED_BACK"), "{run:?}");
    assert!(
        run.reason
            .is_some_and(|reason| reason.contains("kept outside"))
    );
    outside.scene.database.close().await.unwrap();
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn logs_are_verified_daily_and_in_full_once_a_week(#[case] kind: Database) {
    let outside = outside(kind).await;
    let (app, database) = (&outside.scene.app, &outside.scene.database);
    database.sequence_all().await.unwrap();
    assert_eq!(verification::verify_due(app).await.unwrap(), None);
    database.clock.advance(TimeDelta::hours(25));
    for full in [false, true] {
        let mut logs = Vec::new();
        while let Some(run) = verification::verify_due(app).await.unwrap() {
            assert_eq!(
                (run.full, run.verdict.as_deref()),
                (full, Some("INTACT")),
                "{run:?}"
            );
            logs.push(run.tenant_id);
            database.sequence_all().await.unwrap();
        }
        assert_eq!(logs, [TenantId::SYSTEM, outside.scene.seed.tenant]);
        database.clock.advance(TimeDelta::days(7));
    }
    outside.scene.database.close().await.unwrap();
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn keys_are_replaced_after_a_year_and_destroyed_a_day_later(#[case] kind: Database) {
    let outside = outside(kind).await;
    let (app, clock) = (&outside.scene.app, &outside.scene.database.clock);
    assert_eq!(log_keys::rotate_aged(app).await.unwrap(), 0);
    clock.advance(TimeDelta::days(366));
    assert_eq!(log_keys::rotate_aged(app).await.unwrap(), 2);
    assert_eq!(log_keys::retire_replaced(app).await.unwrap(), 0);
    clock.advance(TimeDelta::hours(25));
    assert_eq!(log_keys::retire_replaced(app).await.unwrap(), 2);
    assert_eq!(log_keys::rotate_aged(app).await.unwrap(), 0);
    assert_eq!(outside.recorded("audit.key.retired").await, 2);
    outside.scene.database.close().await.unwrap();
}
