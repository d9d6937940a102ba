//! What an auditor asks of a log as a whole.

use audit::entry::{ActorKind, Outcome};
use policy::{Action, Role};
use rstest::rstest;
use store::{
    StoreError,
    audit_entry::{AuditFilter, CountBy, Counted, Draw},
    page::PageRequest,
    testing::Database,
};

use crate::scene::{Scene, commit, commit_rich};

impl Scene {
    async fn counted(&self, filter: &AuditFilter, by: CountBy) -> anyhow::Result<Vec<Counted>> {
        let snapshot = self.db.store.snapshot(&self.owner()).await?;
        let view = snapshot.view(Action::AuditRead)?;
        Ok(view.count_audit_entries(filter, by).await?)
    }

    async fn actions(&self, filter: &AuditFilter) -> anyhow::Result<Vec<String>> {
        let snapshot = self.db.store.snapshot(&self.owner()).await?;
        let view = snapshot.view(Action::AuditRead)?;
        let page = PageRequest::new(100, None)?;
        let page = view.list_audit_entries(filter, &page).await?;
        Ok(page.rows.into_iter().map(|row| row.action).collect())
    }
}

fn draw(seed: &str, count: i64, tree_size: Option<i64>) -> Draw {
    Draw {
        seed: seed.to_owned(),
        count,
        tree_size,
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn entries_are_counted_by_what_is_asked_for(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    for cause in ["a", "b", "c"] {
        commit(&scene.db.store, &scene.owner(), cause).await?;
    }
    commit_rich(&scene.db.store, &scene.owner()).await?;
    scene.db.sequence_all().await?;
    let by_action = CountBy {
        action: true,
        ..CountBy::default()
    };
    let counted = scene.counted(&AuditFilter::default(), by_action).await?;
    let uploads = counted
        .iter()
        .find(|row| row.action.as_deref() == Some("file.upload"));
    assert_eq!(uploads.map(|row| row.count), Some(3), "{counted:?}");
    assert!(
        counted
            .iter()
            .all(|row| row.month.is_none() && row.outcome.is_none())
    );
    let size: i64 = counted.iter().map(|row| row.count).sum();
    let by_month = CountBy {
        month: true,
        outcome: true,
        ..CountBy::default()
    };
    let counted = scene.counted(&AuditFilter::default(), by_month).await?;
    let month = scene.db.store.now().format("%Y-%m").to_string();
    assert_eq!(counted.len(), 1, "{counted:?}");
    assert_eq!(counted[0].month.as_deref(), Some(month.as_str()));
    assert_eq!(counted[0].outcome.as_deref(), Some("success"));
    assert_eq!(counted[0].count, size);
    let keys = AuditFilter {
        target_type: Some("api_key".to_owned()),
        ..AuditFilter::default()
    };
    let counted = scene.counted(&keys, by_action).await?;
    assert!(
        counted
            .iter()
            .any(|row| row.action.as_deref() == Some("api_key.revoke"))
    );
    assert!(
        counted
            .iter()
            .all(|row| row.action.as_deref() != Some("file.upload"))
    );
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn entries_are_found_by_kinds_and_beginnings(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    commit(&scene.db.store, &scene.owner(), "a").await?;
    commit_rich(&scene.db.store, &scene.owner()).await?;
    let member = scene.seed.actor(Role::Member);
    assert!(
        scene
            .db
            .store
            .begin(&member, Action::ApiKeyRevoke)
            .await
            .is_err()
    );
    scene.db.store.flush_denials(true).await?;
    scene.db.sequence_all().await?;
    let files = AuditFilter {
        action_prefix: Some("file.".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(
        scene.actions(&files).await?,
        ["file.upload_complete", "file.upload"]
    );
    let nothing = AuditFilter {
        action_prefix: Some("nothing.".to_owned()),
        ..AuditFilter::default()
    };
    assert!(scene.actions(&nothing).await?.is_empty());
    let users = AuditFilter {
        actor_type: Some(ActorKind::User),
        target_type: Some("upload".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(scene.actions(&users).await?, ["file.upload_complete"]);
    let denied = AuditFilter {
        outcome: Some(Outcome::Denied),
        ..AuditFilter::default()
    };
    assert_eq!(scene.actions(&denied).await?, ["api_key.revoke"]);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_sample_is_the_same_when_the_log_has_grown(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    for cause in 0..20 {
        commit(&scene.db.store, &scene.owner(), &cause.to_string()).await?;
    }
    scene.db.sequence_all().await?;
    let snapshot = scene.db.store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditRead)?;
    let drawn = view.sample_audit_entries(&draw("q4", 5, None)).await?;
    let seqs: Vec<i64> = drawn.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, drawn.seqs);
    let size = u64::try_from(drawn.tree_size)?;
    let own = audit::sample::sample("q4", size, 5);
    assert!(
        own.iter()
            .zip(&seqs)
            .all(|(own, seq)| i64::try_from(*own) == Ok(*seq))
    );
    for (refused, field) in [
        (draw("", 5, None), "seed"),
        (draw("q4", 101, None), "size"),
        (draw("q4", 5, Some(1_000)), "treeSize"),
    ] {
        let answer = view.sample_audit_entries(&refused).await;
        assert!(matches!(answer, Err(StoreError::Invalid { field: f, .. }) if f == field));
    }
    drop(snapshot);
    commit(&scene.db.store, &scene.owner(), "later").await?;
    scene.db.sequence_all().await?;
    let snapshot = scene.db.store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditRead)?;
    let again = view
        .sample_audit_entries(&draw("q4", 5, Some(drawn.tree_size)))
        .await?;
    assert_eq!(again, drawn);
    let other = view.sample_audit_entries(&draw("q4", 5, None)).await?;
    assert_ne!(other.tree_size, drawn.tree_size);
    drop(snapshot);
    Ok(scene.db.close().await?)
}
