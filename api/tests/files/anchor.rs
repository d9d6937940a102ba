//! The heads of logs on their way out of the database.

use api::worker::{anchor, log_keys};
use chrono::TimeDelta;
use entity::TenantId;
use rstest::rstest;
use store::testing::Database;

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
    let marks = anchor::load_marks(app).await.unwrap();
    let tenants: Vec<TenantId> = marks.iter().map(|mark| mark.tenant).collect();
    assert_eq!(tenants, [TenantId::SYSTEM, outside.scene.seed.tenant]);
    outside.scene.database.close().await.unwrap();
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_fork_is_recorded_once_and_nothing_counts_as_anchored(#[case] kind: Database) {
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
    assert_eq!(outside.recorded("audit.fork_detected").await, 1);
    assert_eq!(app.store.anchored().await.unwrap(), (0, 0));
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
