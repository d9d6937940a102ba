//! A database that was put back: noticed by what is kept outside, recovered, and readable from then on.

use audit::{
    checkpoint::Checkpoint,
    entry::Entry,
    genesis::Previous,
    note::{Note, VerifierKey},
    proof::TlogProof,
};
use entity::TenantId;
use policy::Action;
use rstest::rstest;
use store::{
    ConflictCode, EventStatus, StoreError,
    audit_entry::AuditFilter,
    export::Extent,
    ledger::{Depth, HeadMark, Provable},
    page::PageRequest,
    retention::NewHold,
    testing::Database,
    verification::Question,
    verify::{Verdict, Verification},
};

use crate::{
    export::judge,
    scene::{Scene, commit, uuid_sql},
};

const TABLES: [&str; 9] = [
    "audit_entry",
    "audit_target",
    "audit_disclosure",
    "audit_head",
    "audit_checkpoint",
    "audit_tile",
    "audit_key",
    "audit_cosigner",
    "audit_outbox",
];

impl Scene {
    /// Keeps the audit tables as they are.
    async fn back_up(&self) -> anyhow::Result<()> {
        for table in TABLES {
            let sql = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}");
            self.db.tamper(&sql).await?;
        }
        Ok(())
    }

    async fn restore(&self) -> anyhow::Result<()> {
        for table in TABLES {
            let overriding = match self.db.kind() {
                Database::Postgres if table == "audit_outbox" => "OVERRIDING SYSTEM VALUE",
                _ => "",
            };
            let sql = format!(
                "DELETE FROM {table}; INSERT INTO {table} {overriding} SELECT * FROM kept_{table}"
            );
            self.db.tamper(&sql).await?;
        }
        Ok(())
    }

    /// Collects and anchors, and says what would be kept outside.
    async fn anchor(&self) -> anyhow::Result<Vec<HeadMark>> {
        let store = &self.db.store;
        self.db.sequence_all().await?;
        store.collect_heads().await?;
        let anchor = store.begin_anchor().await?;
        let anchor = anchor.ok_or_else(|| anyhow::anyhow!("there is nothing to anchor"))?;
        store.mark_anchored(&anchor).await?;
        Ok(anchor.logs)
    }

    async fn found(&self, tenant: TenantId) -> anyhow::Result<Verification> {
        Ok(self.db.store.verify_chain(tenant, |_| {}).await?)
    }

    async fn states(&self, tenant: TenantId) -> anyhow::Result<Vec<String>> {
        let sql = format!(
            "SELECT state FROM audit_head WHERE tenant_id = {} ORDER BY epoch",
            uuid_sql(tenant)
        );
        Ok(self.db.look(&sql).await?.into_iter().flatten().collect())
    }

    async fn entry(&self, epoch: i32, seq: u64) -> anyhow::Result<Entry> {
        let raw = match self.db.kind() {
            Database::Sqlite => "CAST(raw AS TEXT)",
            Database::Postgres => "convert_from(raw, 'UTF8')",
        };
        let sql = format!(
            "SELECT {raw} FROM audit_entry WHERE tenant_id = {} AND epoch = {epoch} AND seq = {seq}",
            self.tenant_sql()
        );
        let found = self.db.look(&sql).await?.into_iter().flatten().next();
        Ok(Entry::parse(found.unwrap_or_default().as_bytes())?)
    }
}

fn mark_of(marks: &[HeadMark], tenant: TenantId) -> HeadMark {
    let found = marks.iter().find(|mark| mark.tenant == tenant);
    *found.unwrap_or_else(|| unreachable!("every log is anchored"))
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_restored_backup_is_quarantined_and_recovered_and_the_epoch_names_the_gap(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let (store, tenant) = (&scene.db.store, scene.seed.tenant);
    commit(store, &scene.owner(), "kept").await?;
    let old_key = scene.public_key().await?;
    // Stays with the epoch that states it.
    let hold = NewHold {
        range: None,
        basis: "court order".to_owned(),
        reference: "AZ 1/26".to_owned(),
        reason: None,
    };
    store.set_hold(&scene.owner(), hold).await?;
    scene.anchor().await?;
    let kept = scene.raws().await?.len() as u64;
    scene.back_up().await?;
    for _ in 0..5 {
        commit(store, &scene.owner(), "lost").await?;
    }
    let marks = scene.anchor().await?;
    assert_eq!(
        store.hold_against(&marks, Depth::Roots).await?.quarantined,
        []
    );
    scene.restore().await?;
    for log in [tenant, TenantId::SYSTEM] {
        assert_eq!(
            scene.found(log).await?.verdict,
            Verdict::Intact,
            "inside nothing shows"
        );
    }

    // What is kept outside shows it, and nothing is signed on top.
    let mut quarantined = store.hold_against(&marks, Depth::Roots).await?.quarantined;
    quarantined.sort_by_key(|mark| mark.tenant);
    assert_eq!(
        quarantined,
        [mark_of(&marks, TenantId::SYSTEM), mark_of(&marks, tenant)]
    );
    assert_eq!(
        store.hold_against(&marks, Depth::Roots).await?.quarantined,
        [],
        "once"
    );
    let pending = commit(store, &scene.owner(), "after").await?;
    scene.db.sequence_all().await?;
    assert_eq!(pending.status, EventStatus::Pending);
    for log in [tenant, TenantId::SYSTEM] {
        let found = scene.found(log).await?;
        assert_eq!(found.verdict, Verdict::Broken);
        let damage = found.first_bad.as_ref().map(|first| first.damage.as_str());
        assert_eq!(damage, Some("ROLLED_BACK"), "{found:?}");
    }

    // Recovered: a new epoch, which names what is kept and what was known.
    let planned = store.plan_recovery(tenant).await?;
    assert_eq!(
        scene.states(tenant).await?,
        ["quarantined"],
        "a plan changes nothing"
    );
    let done = store.recover_log(tenant).await?;
    assert_eq!((done.epoch, &done.previous), (1, &planned.previous));
    store.recover_log(TenantId::SYSTEM).await?;
    assert_eq!(scene.states(tenant).await?, ["closed", "ok"]);
    let known = mark_of(&marks, tenant);
    assert_eq!(done.previous.lost(), known.size - kept);
    let genesis = scene.entry(1, 0).await?;
    let named = Previous::of_meta(&genesis.draft.meta);
    assert_eq!(named, Some(Ok(done.previous.clone())));
    assert_eq!(done.previous.kept.tree.size, kept);
    let outside = done
        .previous
        .known
        .clone()
        .map(|known| (known.origin, known.tree.root));
    assert_eq!(
        outside,
        Some((done.previous.kept.origin.clone(), known.root))
    );
    assert_eq!(scene.entry(1, 1).await?.draft.action, "audit.recovered");

    // What waited is in it, and both epochs verify.
    scene.db.sequence_all().await?;
    let snapshot = store.snapshot(&scene.owner()).await?;
    let status = snapshot
        .view(Action::AuditRead)?
        .find_event(pending.id)
        .await?;
    assert_eq!(status.map(|found| found.status), Some(EventStatus::Signed));
    drop(snapshot);
    for log in [tenant, TenantId::SYSTEM] {
        let found = scene.found(log).await?;
        assert_eq!(
            found.verdict,
            Verdict::IntactWithDocumentedGaps,
            "{found:?}"
        );
        assert_eq!(found.epoch, 1);
    }
    let marks = scene.anchor().await?;
    assert_eq!(mark_of(&marks, tenant).epoch, 1);
    assert_eq!(
        store.hold_against(&marks, Depth::Roots).await?.quarantined,
        []
    );
    let again = store.recover_log(tenant).await;
    let code = ConflictCode::InvalidState;
    assert!(matches!(again, Err(StoreError::Conflict { code: found, .. }) if found == code));

    // The closed epoch is evidence still, and proves itself under the key it was signed with.
    let all = scene.raws().await?.len() as u64;
    let new_key = scene.public_key().await?;
    for (epoch, key, size) in [(Some(0), old_key, kept), (None, new_key, all - kept)] {
        let extent = Extent {
            epoch,
            ..scene.extent(0, None)
        };
        let (files, exported) = scene.bundle(extent).await?;
        assert_eq!((exported.epoch, exported.size), (epoch.unwrap_or(1), size));
        let report = judge(&files, &[key]);
        assert_eq!(
            (report.harm.as_ref(), report.size),
            (None, size),
            "{report:#?}"
        );
    }
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn epochs_are_verified_together_and_damage_in_an_old_one_is_found(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let (store, tenant) = (&scene.db.store, scene.seed.tenant);
    commit(store, &scene.owner(), "kept").await?;
    scene.db.sequence_all().await?;
    let old = store.hand_out_checkpoint(&scene.owner()).await?;
    let mark = HeadMark {
        tenant,
        epoch: 2,
        size: 40,
        root: audit::hash::Hash([3; 32]),
    };
    assert_eq!(
        store.hold_against(&[mark], Depth::Roots).await?.quarantined,
        [mark]
    );
    let recovery = store.recover_log(tenant).await?;
    assert_eq!(
        (recovery.epoch, recovery.previous.lost()),
        (3, 40),
        "behind what is known"
    );
    commit(store, &scene.owner(), "new").await?;
    scene.db.sequence_all().await?;
    let run = async |receipt| {
        let question = Question {
            full: false,
            receipt,
        };
        let begun = store.begin_verification(&scene.owner(), question).await?;
        scene.db.sequence_all().await?;
        let kept = begun.receipt.into_iter().collect();
        let ended = store.run_verification(&begun.run, kept, |_| {}).await?;
        scene.db.sequence_all().await?;
        scene.db.clock.advance(chrono::TimeDelta::seconds(1));
        anyhow::Ok(ended)
    };
    let first = run(None).await?;
    assert_eq!((first.begin_size, first.epoch), (0, 3), "{first:?}");
    let second = run(Some(&old)).await?;
    assert_eq!(
        second.assurance.as_deref(),
        Some("A2"),
        "a receipt of the closed epoch"
    );
    assert_eq!((second.begin_size, second.epoch), (first.size, 3));
    let zeros = match kind {
        Database::Sqlite => "zeroblob(32)",
        Database::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    let sql = format!(
        "UPDATE audit_entry SET leaf = {zeros} WHERE tenant_id = {} AND epoch = 0 AND seq = 1",
        scene.tenant_sql()
    );
    assert_eq!(scene.db.tamper(&sql).await?, 1);
    let found = scene.found(tenant).await?;
    let first = found.first_bad.as_ref().map(|first| first.seq);
    assert_eq!((found.epoch, first), (0, Some(1)), "{found:?}");
    // The hashes no longer give the receipt's root, so everything is read.
    let found = run(Some(&old)).await?;
    assert_eq!((found.epoch, found.first_bad_seq), (0, Some(1)));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn another_root_outside_quarantines_and_a_log_that_went_on_does_not(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let (store, tenant) = (&scene.db.store, scene.seed.tenant);
    commit(store, &scene.owner(), "first").await?;
    let marks = scene.anchor().await?;
    let principal = scene.owner().principal();
    store.fill_outbox(tenant, principal, 300).await?;
    scene.db.sequence_all().await?;
    assert_eq!(
        store.hold_against(&marks, Depth::Roots).await?.quarantined,
        []
    );
    let other = HeadMark {
        root: audit::hash::Hash([9; 32]),
        ..mark_of(&marks, tenant)
    };
    assert_eq!(
        store
            .hold_against(&[other], Depth::Roots)
            .await?
            .quarantined,
        [other]
    );
    let found = scene.found(tenant).await?;
    let first = found.first_bad.map(|first| first.damage.as_str());
    assert_eq!(first, Some("FORKED"));
    let foreign = HeadMark {
        tenant: TenantId::generate(),
        ..other
    };
    assert_eq!(
        store.hold_against(&[foreign], Depth::Roots).await?.absent,
        1
    );
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn entries_are_proven_to_the_newest_checkpoint(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let (store, tenant) = (&scene.db.store, scene.seed.tenant);
    scene.db.sequence_all().await?;
    let principal = scene.owner().principal();
    store.fill_outbox(tenant, principal, 530).await?;
    scene.db.sequence_all().await?;
    let snapshot = store.snapshot(&scene.owner()).await?;
    let view = snapshot.view(Action::AuditRead)?;
    let page = PageRequest::new(50, None)?;
    let rows = view
        .list_audit_entries(&AuditFilter::default(), &page)
        .await?;
    let chain = view.audit_chain().await?;
    let keys = [VerifierKey::parse(&chain.public_key)?];
    let mut wanted: Vec<Provable> = Vec::new();
    for row in &rows.rows {
        wanted.push(Provable {
            epoch: row.epoch,
            seq: row.seq,
            leaf: audit::hash::leaf(&row.raw).0,
        });
    }
    for seq in [0, 1, 255, 256, 300] {
        let entry = scene.raw_of(seq).await?;
        wanted.push(Provable {
            epoch: 0,
            seq,
            leaf: audit::hash::leaf(entry.as_bytes()).0,
        });
    }
    let unknown = Provable {
        epoch: 0,
        seq: 5_000,
        leaf: [0; 32],
    };
    let altered = Provable {
        leaf: [0; 32],
        ..wanted[0]
    };
    let mut asked = wanted.clone();
    asked.extend([unknown, altered]);
    let proofs = view.audit_proofs(&asked).await?;
    assert_eq!(
        proofs.len(),
        wanted.len(),
        "what cannot be proven is left out"
    );
    for entry in &wanted {
        let proof = TlogProof::parse(proofs.get(entry).map_or("", String::as_str).as_bytes())?;
        let raw = scene.raw_of(entry.seq).await?;
        let opened = proof.verify(raw.as_bytes(), &keys)?;
        let newest = Note::parse(chain.checkpoint.as_bytes())?;
        assert_eq!(opened.checkpoint, Checkpoint::parse(newest.text())?);
    }
    drop(snapshot);
    Ok(scene.db.close().await?)
}

impl Scene {
    async fn raw_of(&self, seq: i64) -> anyhow::Result<String> {
        let seq = usize::try_from(seq)?;
        let raw = self.raws().await?.into_iter().nth(seq);
        raw.ok_or_else(|| anyhow::anyhow!("there is no entry {seq}"))
    }
}
