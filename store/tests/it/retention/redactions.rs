//! Redactions.

use audit::{
    chain::Damage,
    retention::{FieldSet, Permit},
};
use entity::MemberId;
use policy::Role;
use rstest::rstest;
use store::{StoreError, export::run::NewExport, testing::Database, verify::Verdict};

use super::{drain, is_invalid};
use crate::{export::rows::whole, scene::Scene};

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_redaction_is_in_the_log_before_anything_goes_and_is_done_once(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let before = scene.count("audit_disclosure").await?;
    let store = &scene.db.store;
    let new = scene.redaction(&[(4, &["extra"]), (6, &["actor.email", "extra"])]);
    let begun = store.redact(&scene.owner(), new.clone()).await?;
    assert_eq!(begun.seq, Some(7));
    let fields = |names: &[&str]| names.iter().filter_map(|name| FieldSet::of(name)).collect();
    let expected = vec![
        (4, fields(&["extra"])),
        (6, fields(&["actor.email", "extra"])),
    ];
    let permit = scene.permit("audit.redact").await?;
    assert_eq!(permit, Some(Permit::Redact(expected)));
    // What is announced and still there is no damage, nor a gap.
    scene.expect(Verdict::Intact, 0, 0).await?;
    // The process that announced it is gone; another one does it.
    assert_eq!(drain(&scene.db.another_store().await?).await?, 3);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 0, 2)
        .await?;
    // Two fields of the redaction's own entry were added, the actor's address and the reason.
    assert_eq!(scene.count("audit_disclosure").await?, before - 3 + 2);
    let again = store.redact(&scene.owner(), new).await?;
    assert!(again.seq.is_none() && again.receipt.is_none());
    assert!(store.open_removals(None, 10).await?.is_empty());
    assert!(!scene.raws().await?.concat().contains("asked by letter"));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_run_behind_another_goes_on_to_say_what_is_missing(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let new = scene.redaction(&[(4, &["extra"])]);
    scene.db.store.redact(&scene.owner(), new).await?;
    scene.drain().await?;
    for run in [
        scene.full().await?,
        scene.incremental().await?,
        scene.incremental().await?,
    ] {
        assert_eq!(run.begin_size > 0, !run.full, "{run:?}");
        let verdict = run.verdict.as_deref();
        assert_eq!(verdict, Some("INTACT_WITH_DOCUMENTED_GAPS"), "{run:?}");
        assert_eq!((run.pruned, run.redacted), (0, 1), "{run:?}");
    }
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn one_disclosure_more_than_documented_is_damage(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let new = scene.redaction(&[(4, &["extra"])]);
    scene.db.store.redact(&scene.owner(), new).await?;
    scene.drain().await?;
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 0, 1)
        .await?;
    let tenant = scene.tenant_sql();
    let another = format!("DELETE FROM audit_disclosure WHERE tenant_id = {tenant} AND seq = 4");
    scene.db.tamper(&another).await?;
    scene.expect_damage(4, Damage::DisclosureMissing).await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn what_the_log_does_not_have_and_who_may_not_are_refused(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    let owner = scene.owner();
    let unknown = store
        .redact(&owner, scene.redaction(&[(99, &["extra"])]))
        .await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    let cases: [&[(u64, &[&str])]; 4] = [&[(3, &["extra"])], &[(4, &["extras"])], &[(4, &[])], &[]];
    for entries in cases {
        let refused = store.redact(&owner, scene.redaction(entries)).await;
        assert!(is_invalid(&refused, "entries"), "{refused:?}");
    }
    let mut new = scene.redaction(&[(4, &["extra"])]);
    new.basis = "Müller said so".to_owned();
    assert!(is_invalid(
        &store.redact(&owner, new.clone()).await,
        "basis"
    ));
    new.basis = "GDPR".to_owned();
    new.approver = MemberId::generate();
    assert!(is_invalid(
        &store.redact(&owner, new.clone()).await,
        "approverId"
    ));
    for role in [Role::Admin, Role::Member, Role::Viewer, Role::Auditor] {
        let refused = store.redact(&scene.seed.actor(role), new.clone()).await;
        assert!(matches!(refused, Err(StoreError::Forbidden(_))), "{role}");
    }
    scene.expect(Verdict::Intact, 0, 0).await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn exports_that_took_values_along_end_with_them(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    let personal = NewExport {
        disclosures: true,
        ..whole()
    };
    for new in [whole(), personal] {
        store.begin_audit_export(&scene.owner(), new).await?;
        let (_, running) = scene.take().await?;
        assert!(store.finish_audit_export(&running, &scene.made()).await?);
    }
    let (being_made, _) = store.begin_audit_export(&scene.owner(), personal).await?;
    let (_, running) = scene.take().await?;
    assert_eq!(store.audit_exports_due(10).await?, []);

    let redaction = scene.redaction(&[(4, &["extra"])]);
    store.redact(&scene.owner(), redaction).await?;
    assert_eq!(
        store.audit_exports_due(10).await?,
        [],
        "nothing is gone yet"
    );
    scene.drain().await?;
    let due = store.audit_exports_due(10).await?;
    assert_eq!(due.len(), 1, "{due:?}");
    assert!(due[0].disclosures && due[0].id != being_made.id);
    assert!(store.expire_audit_export(&due[0]).await?);

    // The one that was being made may have read the value; its file goes as soon as it is there.
    assert!(store.finish_audit_export(&running, &scene.made()).await?);
    let due = store.audit_exports_due(10).await?;
    let ids: Vec<_> = due.iter().map(|row| row.id).collect();
    assert_eq!(ids, [being_made.id]);
    Ok(scene.db.close().await?)
}
