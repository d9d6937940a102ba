//! Exports that somebody asked for.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{ApiKeyId, audit_export, job};
use policy::{Action, Role, Scope};
use rstest::rstest;
use store::{
    ConflictCode, StoreError,
    export::{
        Exported, Format, Progress,
        run::{Made, NewExport},
    },
    job::JobKind,
    page::PageRequest,
    testing::{self, Database},
    verify::Verdict,
};

use crate::scene::Scene;

const LEASE: Duration = Duration::from_secs(60);

pub(crate) fn whole() -> NewExport {
    NewExport {
        epoch: None,
        format: Format::Bundle,
        first: 0,
        end: None,
        disclosures: false,
    }
}

impl Scene {
    async fn claim(&self) -> anyhow::Result<Option<job::Model>> {
        let kinds = [JobKind::AuditExport];
        let jobs = self.db.store.claim_jobs(&kinds, 1, LEASE).await?;
        Ok(jobs.into_iter().next())
    }

    pub(crate) async fn take(&self) -> anyhow::Result<(job::Model, audit_export::Model)> {
        let job = self.claim().await?;
        let job = job.ok_or_else(|| anyhow::anyhow!("no job"))?;
        let export = self.db.store.run_audit_export(&job).await?;
        Ok((job, export.ok_or_else(|| anyhow::anyhow!("no export"))?))
    }

    pub(crate) fn made(&self) -> Made {
        Made {
            byte_len: 1234,
            sha256: [7; 32],
            exported: Exported {
                epoch: 0,
                first: 0,
                end: 5,
                size: 5,
                checkpoint: "note".to_owned(),
                verdict: Some(Verdict::Intact),
            },
            expires_at: self.db.store.now() + TimeDelta::hours(1),
        }
    }

    async fn exports(&self) -> anyhow::Result<Vec<audit_export::Model>> {
        let snapshot = self.db.store.snapshot(&self.owner()).await?;
        let view = snapshot.view(Action::AuditExport)?;
        let page = view
            .list_audit_exports(&PageRequest::new(10, None)?)
            .await?;
        Ok(page.rows)
    }

    async fn recorded(&self) -> anyhow::Result<Vec<String>> {
        self.db.sequence_all().await?;
        let told = self.raws().await?;
        let phases = told.iter().filter(|raw| raw.contains("\"audit.export\""));
        let phase = |raw: &String| {
            let (_, rest) = raw.split_once("\"phase\":\"")?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        Ok(phases.filter_map(phase).collect())
    }
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn an_export_goes_from_pending_to_expired_and_each_end_is_an_entry(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let auditor = scene.seed.actor(Role::Auditor);
    let (asked, _) = store.begin_audit_export(&auditor, whole()).await?;
    assert_eq!(asked.state, "PENDING");
    let (job, running) = scene.take().await?;
    assert_eq!((running.state.as_str(), running.attempt), ("RUNNING", 1));
    let progress = Progress { done: 3, total: 5 };
    store.note_audit_export(&running, progress).await?;
    assert_eq!(scene.exports().await?[0].done_count, 3);
    assert!(store.finish_audit_export(&running, &scene.made()).await?);
    assert!(store.finish_job(&job).await?);
    let done = scene.exports().await?.remove(0);
    assert_eq!(done.state, "DONE");
    assert_eq!((done.byte_len, done.end_seq), (Some(1234), Some(5)));
    assert!(done.object_key.is_some_and(|key| key.ends_with("/1")));
    assert!(store.audit_exports_due(10).await?.is_empty());
    scene.db.clock.advance(TimeDelta::hours(2));
    let due = store.audit_exports_due(10).await?;
    assert_eq!(due.len(), 1);
    assert!(store.expire_audit_export(&due[0]).await?);
    assert!(!store.expire_audit_export(&due[0]).await?);
    assert_eq!(scene.exports().await?[0].state, "EXPIRED");
    assert_eq!(scene.recorded().await?, ["begun", "done", "expired"]);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn there_is_one_export_at_a_time(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (store, owner) = (scene.db.store.clone(), scene.owner());
        requests.spawn(async move { store.begin_audit_export(&owner, whole()).await });
    }
    let mut begun = 0;
    for outcome in requests.join_all().await {
        match outcome {
            Ok(_) => begun += 1,
            Err(StoreError::Conflict { code, .. }) => assert_eq!(code, ConflictCode::InvalidState),
            Err(error) => return Err(error.into()),
        }
    }
    assert_eq!(begun, 1);
    let (_, export) = scene.take().await?;
    let store = &scene.db.store;
    let failed = store.fail_audit_export(&export, "because").await?;
    assert_eq!(failed.map(|row| row.state).as_deref(), Some("FAILED"));
    // Whatever was sent of it is swept, which is nobody's news.
    let due = store.audit_exports_due(10).await?;
    assert_eq!(due.len(), 1);
    assert!(store.expire_audit_export(&due[0]).await?);
    assert!(!store.expire_audit_export(&due[0]).await?);
    assert_eq!(store.audit_exports_due(10).await?, []);
    scene
        .db
        .store
        .begin_audit_export(&scene.owner(), whole())
        .await?;
    assert_eq!(scene.recorded().await?, ["begun", "failed", "begun"]);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn an_attempt_that_was_overtaken_ends_nothing(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    store.begin_audit_export(&scene.owner(), whole()).await?;
    let (_, slow) = scene.take().await?;
    scene.db.clock.advance(TimeDelta::minutes(2));
    let (_, quick) = scene.take().await?;
    assert_eq!((slow.attempt, quick.attempt), (1, 2));
    assert!(!store.finish_audit_export(&slow, &scene.made()).await?);
    assert_eq!(store.fail_audit_export(&slow, "late").await?, None);
    assert!(store.finish_audit_export(&quick, &scene.made()).await?);
    assert_eq!(scene.recorded().await?, ["begun", "done"]);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn who_may_export_and_what(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let member = scene.seed.actor(Role::Member);
    let refused = store.begin_audit_export(&member, whole()).await;
    assert!(matches!(
        refused,
        Err(StoreError::Forbidden(Action::AuditExport))
    ));
    let key = testing::key_actor(
        scene.seed.tenant,
        ApiKeyId::generate(),
        Scope::AuditRead.into(),
        Role::Owner,
    );
    let personal = NewExport {
        disclosures: true,
        ..whole()
    };
    let refused = store.begin_audit_export(&key, personal).await;
    assert!(matches!(
        refused,
        Err(StoreError::Forbidden(Action::AuditDisclose))
    ));
    for (epoch, first, end, field) in [
        (None, 1, None, "fromSeq"),
        (None, 256_000, None, "fromSeq"),
        (None, 0, Some(255), "toSeq"),
        (None, 0, Some(0), "toSeq"),
        (Some(0), 0, Some(256_000), "toSeq"),
        (Some(1), 0, None, "epoch"),
        (Some(-1), 0, None, "epoch"),
    ] {
        let new = NewExport {
            epoch,
            first,
            end,
            ..whole()
        };
        let refused = store.begin_audit_export(&key, new).await;
        let named = matches!(&refused, Err(StoreError::Invalid { field: f, .. }) if *f == field);
        assert!(named, "{new:?}: {refused:?}");
    }
    store.begin_audit_export(&key, whole()).await?;
    Ok(scene.db.close().await?)
}
