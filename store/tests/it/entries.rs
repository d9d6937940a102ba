//! Reading a log.

use audit::{entry::Outcome, hash::leaf};
use entity::{EntryId, EventId};
use policy::{Action, Role};
use rstest::rstest;
use store::{
    EventStatus, StoreError,
    audit_entry::AuditFilter,
    page::PageRequest,
    testing::{Database, actor, another_tenant},
};

use crate::scene::{Scene, commit, commit_rich};

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn pages_go_from_the_newest_to_the_genesis(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    for n in 0..4 {
        commit(&scene.db.store, &scene.owner(), &format!("n{n}")).await?;
    }
    scene.db.sequence_all().await?;
    let snapshot = scene.db.store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditRead)?;
    let filter = AuditFilter::default();
    let (mut after, mut seqs) = (None, Vec::new());
    loop {
        let request = PageRequest::new(3, after)?;
        let page = view.list_audit_entries(&filter, &request).await?;
        seqs.extend(page.rows.iter().map(|row| row.seq));
        after = page
            .rows
            .last()
            .map(|row| view.audit_entry_cursor(&filter, row));
        if !page.has_next {
            break;
        }
    }
    assert_eq!(seqs, [6, 5, 4, 3, 2, 1, 0]);
    let other = AuditFilter {
        outcome: Some(Outcome::Success),
        ..filter
    };
    let foreign = PageRequest::new(3, after)?;
    let refused = view.list_audit_entries(&other, &foreign).await;
    assert!(matches!(
        refused,
        Err(StoreError::Invalid { field: "after", .. })
    ));
    drop(snapshot);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn filters_find_what_they_name(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    commit_rich(&scene.db.store, &scene.owner()).await?;
    scene.db.sequence_all().await?;
    let snapshot = scene.db.store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditRead)?;
    let all = PageRequest::new(100, None)?;
    let now = scene.db.store.now();
    let key = scene.seed.key.uuid();
    let by_filter = [
        (
            AuditFilter {
                actions: Some(vec![Action::ApiKeyRevoke, Action::ApiKeyCreate]),
                ..AuditFilter::default()
            },
            vec![4, 2],
        ),
        (
            AuditFilter {
                target_id: Some(key),
                ..AuditFilter::default()
            },
            vec![2],
        ),
        (
            AuditFilter {
                actor_id: Some(scene.seed.owner.uuid()),
                outcome: Some(Outcome::Success),
                ..AuditFilter::default()
            },
            vec![4, 3],
        ),
        (
            AuditFilter {
                before: Some(now),
                ..AuditFilter::default()
            },
            vec![],
        ),
        (
            AuditFilter {
                after: Some(now),
                ..AuditFilter::default()
            },
            vec![4, 3, 2, 1, 0],
        ),
    ];
    for (filter, expected) in by_filter {
        let page = view.list_audit_entries(&filter, &all).await?;
        let seqs: Vec<i64> = page.rows.iter().map(|row| row.seq).collect();
        assert_eq!(seqs, expected, "{filter:?}");
    }
    let newest = view
        .list_audit_entries(&AuditFilter::default(), &PageRequest::new(1, None)?)
        .await?;
    let entry = newest
        .rows
        .first()
        .ok_or_else(|| anyhow::anyhow!("no entry"))?;
    let fields: Vec<String> = view
        .disclosures_of(entry)
        .await?
        .into_iter()
        .map(|row| row.field)
        .collect();
    assert_eq!(fields, ["actor.email", "extra"]);
    let chain = view.audit_chain().await?;
    assert_eq!((chain.size, chain.pending, chain.epoch), (5, 0, 0));
    assert_eq!(chain.head_hash, leaf(&entry.raw).to_hex());
    let raws = scene.raws().await?;
    assert!(
        raws.first()
            .is_some_and(|raw| raw.contains(&chain.public_key))
    );
    drop(snapshot);
    let view = scene
        .db
        .store
        .view_operator(&scene.seed.operator(), Action::SystemChainRead)
        .await?;
    let chain = view.system_chain(&scene.db.store).await?;
    assert!(chain.size >= 1 && chain.public_key.contains("/system/e0+"));
    drop(view);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn an_event_is_followed_into_its_log_by_its_own_tenant_only(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let store = &scene.db.store;
    let (tenant, owner) = another_tenant(store, &scene.seed).await?;
    let event = commit(store, &scene.owner(), "followed").await?;
    if kind == Database::Postgres {
        let snapshot = store.snapshot(&scene.owner()).await?;
        let found = snapshot
            .view(Action::AuditRead)?
            .find_event(event.id)
            .await?;
        assert!(found.is_some_and(|row| row.status == EventStatus::Pending));
    }
    scene.db.sequence_all().await?;
    let snapshot = store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditRead)?;
    let found = view.find_event(event.id).await?;
    let entry = found.and_then(|row| row.entry);
    assert_eq!(entry.map(|entry| entry.event_id), Some(event.id));
    let unknown = view.find_event(EventId::generate()).await?;
    assert!(unknown.is_none());
    let other = store.snapshot(&actor(tenant, owner, Role::Owner)).await?;
    let view = other.view(Action::AuditRead)?;
    assert!(view.find_event(event.id).await?.is_none());
    let entry = view.find_audit_entry(EntryId(event.id.uuid())).await?;
    assert!(entry.is_none());
    drop((snapshot, other));
    Ok(scene.db.close().await?)
}
