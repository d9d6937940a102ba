//! Prunes of disclosures.

use audit::{
    chain::Damage,
    retention::{Permit, Prune, PruneKind},
};
use policy::Action;
use rstest::rstest;
use store::{
    ConflictCode,
    page::PageRequest,
    retention::{PruneRequest, Step},
    testing::Database,
    verify::Verdict,
};

use super::{PAYLOAD, drain, is_conflict, is_invalid};
use crate::scene::Scene;

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_prune_takes_what_was_planned_and_spares_what_is_held(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    scene.hold(Some(4..5)).await?;
    scene.years_pass(2);
    let plan = scene.plan(PAYLOAD).await?;
    assert_eq!(
        (plan.reach.until, plan.reach.held.as_slice()),
        (8, [4].as_slice())
    );
    let before = scene.count("audit_disclosure").await?;
    let hash = plan.hash().to_hex();
    let seq = scene.agree(PAYLOAD, &hash).await?;
    assert_eq!(seq, 8);
    let expected = Permit::Prune(Prune {
        kind: PruneKind::Payload,
        until: 8,
        held: vec![4],
    });
    assert_eq!(scene.permit("audit.prune").await?, Some(expected));
    let raws = scene.raws().await?;
    assert!(
        raws.iter()
            .any(|raw| raw.contains(&format!(r#""plan":"{hash}""#)))
    );
    scene.expect(Verdict::Intact, 0, 0).await?;
    // Agreed to twice, by a client that did not hear the answer, it is one prune.
    assert_eq!(scene.agree(PAYLOAD, &hash).await?, seq);
    let removed = drain(&scene.db.another_store().await?).await?;
    assert_eq!(removed, plan.disclosures);
    let own = 1; // of the owner who pruned: the address
    assert_eq!(
        scene.count("audit_disclosure").await? as u64,
        before as u64 + own - removed
    );
    scene
        .expect(Verdict::IntactWithDocumentedGaps, plan.entries, 0)
        .await?;
    let raws = scene.raws().await?;
    let done = raws.last().map_or("", String::as_str);
    assert!(done.contains(r#""action":"audit.prune.done""#), "{done}");
    assert!(done.contains(&format!(r#""removed":{removed}"#)), "{done}");
    let tenant = scene.tenant_sql();
    let held = format!("DELETE FROM audit_disclosure WHERE tenant_id = {tenant} AND seq = 4");
    scene.db.tamper(&held).await?;
    scene.expect_damage(4, Damage::DisclosureMissing).await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_plan_is_good_for_the_log_it_was_made_of(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let early = scene.prune(PAYLOAD).await;
    assert!(early.is_err(), "nothing is old enough yet");
    let days = PruneRequest {
        days: Some(364),
        ..PAYLOAD
    };
    assert!(is_invalid(&scene.plan(days).await, "days"));
    scene.years_pass(2);
    let hash = scene.plan(PAYLOAD).await?.hash().to_hex();
    let hold = scene.hold(Some(4..5)).await?;
    let stale = scene.agree(PAYLOAD, &hash).await;
    assert!(is_conflict(&stale, ConflictCode::Expired), "{stale:?}");
    let random = scene.agree(PAYLOAD, &"0".repeat(64)).await;
    assert!(is_conflict(&random, ConflictCode::Expired), "{random:?}");
    scene.lift(hold).await?;
    scene.db.clock.advance(chrono::TimeDelta::days(1));
    let tomorrow = scene.agree(PAYLOAD, &hash).await;
    assert!(
        is_conflict(&tomorrow, ConflictCode::Expired),
        "{tomorrow:?}"
    );
    scene.expect(Verdict::Intact, 0, 0).await?;
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_hold_after_the_agreement_keeps_what_it_holds(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    scene.years_pass(2);
    let plan = scene.plan(PAYLOAD).await?;
    scene.prune(PAYLOAD).await?;
    let hold = scene.hold(Some(4..5)).await?;
    let removed = scene.drain().await?;
    assert!(removed < plan.disclosures);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, plan.entries - 1, 0)
        .await?;
    scene.lift(hold).await?;
    // The prune is over; what the hold kept goes with the next one.
    assert_eq!(scene.drain().await?, 0);
    let begun = scene.db.store.prune_by_policy(scene.seed.tenant).await?;
    assert!(begun.is_some());
    scene.drain().await?;
    scene.db.sequence_all().await?;
    let found = scene.verdict().await?;
    assert_eq!(found.verdict, Verdict::IntactWithDocumentedGaps);
    assert!(found.gaps.pruned >= plan.entries);
    let sql = format!(
        "SELECT field FROM audit_disclosure WHERE tenant_id = {} AND seq = 4",
        scene.tenant_sql()
    );
    assert!(scene.db.look(&sql).await?.is_empty());
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn nothing_goes_before_the_entry_is_kept_outside(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let store = &scene.db.store;
    scene.years_pass(2);
    assert!(
        store
            .logs_with_old_disclosures(None, 10)
            .await?
            .contains(&scene.seed.tenant)
    );
    let behind = store
        .logs_with_old_disclosures(Some(scene.seed.tenant), 10)
        .await?;
    assert!(!behind.contains(&scene.seed.tenant));
    let begun = store.prune_by_policy(scene.seed.tenant).await?;
    assert!(begun.is_some());
    let open = store.open_removals(None, 10).await?;
    assert_eq!(open.len(), 1);
    for removal in &open {
        assert_eq!(store.remove_batch(removal, true).await?, Step::Waiting);
        store.collect_heads().await?;
        let anchor = store.begin_anchor().await?;
        let anchor = anchor.ok_or_else(|| anyhow::anyhow!("nothing to anchor"))?;
        assert_eq!(store.remove_batch(removal, true).await?, Step::Waiting);
        store.mark_anchored(&anchor).await?;
        assert!(matches!(
            store.remove_batch(removal, true).await?,
            Step::More(_)
        ));
        assert_eq!(store.remove_batch(removal, true).await?, Step::Done);
    }
    // By nobody but the clock: there is nothing more to prune.
    assert!(store.prune_by_policy(scene.seed.tenant).await?.is_none());
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn the_registers_say_what_was_done_and_how_far_it_is(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let hold = scene.hold(Some(4..5)).await?;
    let redaction = scene.redaction(&[(6, &["extra"])]);
    scene.db.store.redact(&scene.owner(), redaction).await?;
    scene.drain().await?;
    scene.years_pass(2);
    scene.prune(PAYLOAD).await?;
    let snapshot = scene.db.store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditRead)?;
    let page = PageRequest::new(10, None)?;
    let redactions = view.list_redactions(&page).await?.rows;
    let done = redactions.iter().map(|row| {
        let removal = row.removal.as_ref();
        removal.map(|removal| (removal.removed, removal.done_at.is_some()))
    });
    assert_eq!(done.collect::<Vec<_>>(), [Some((1, true))]);
    let prunes = view.list_prunes(&page).await?.rows;
    let done = prunes
        .iter()
        .map(|row| row.removal.as_ref().map(|removal| removal.done_at));
    assert_eq!(done.collect::<Vec<_>>(), [Some(None)]);
    let holds = view.list_holds(&page).await?.rows;
    let found = holds
        .iter()
        .map(|row| row.hold.as_ref().map(|row| (row.id, row.cleared_seq)));
    assert_eq!(found.collect::<Vec<_>>(), [Some((hold, None))]);
    drop(snapshot);
    Ok(scene.db.close().await?)
}
