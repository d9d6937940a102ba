//! Exports of a stored log, judged by the verifier that outsiders use.

pub(crate) mod rows;

use std::{collections::BTreeSet, io::Read as _};

use audit::{
    bundle::Files,
    chain::Damage,
    note::{Note, VerifierKey},
    offline::{Trust, verify},
    report::{self, Report},
};
use chrono::TimeDelta;
use policy::Action;
use rstest::rstest;
use serde_json::Value;
use store::{
    export::{ExportError, Exported, Extent, Format},
    testing::Database,
    verify::Verdict,
};

use crate::scene::{Scene, commit};

impl Scene {
    async fn fill(&self, count: u64) -> anyhow::Result<()> {
        let store = &self.db.store;
        let principal = self.owner().principal();
        store
            .fill_outbox(self.seed.tenant, principal, count)
            .await?;
        self.db.sequence_all().await?;
        Ok(())
    }

    pub(crate) async fn public_key(&self) -> anyhow::Result<VerifierKey> {
        let snapshot = self.db.store.snapshot(&self.owner()).await?;
        let chain = snapshot.view(Action::AuditRead)?.audit_chain().await?;
        Ok(VerifierKey::parse(&chain.public_key)?)
    }

    pub(crate) fn extent(&self, first: u64, end: Option<u64>) -> Extent {
        Extent {
            tenant: self.seed.tenant,
            epoch: None,
            first,
            end,
            disclosures: true,
        }
    }

    pub(crate) async fn bundle(&self, extent: Extent) -> Result<(Files, Exported), ExportError> {
        let store = &self.db.store;
        store.export_bundle(extent, Files::default(), |_| {}).await
    }

    async fn lines(&self, extent: Extent, format: Format) -> anyhow::Result<Vec<u8>> {
        let store = &self.db.store;
        let (bytes, _) = store
            .export_lines(extent, format, Vec::new(), |_| {})
            .await?;
        Ok(bytes)
    }
}

pub(crate) fn judge(files: &Files, keys: &[VerifierKey]) -> Report {
    let trust = Trust {
        keys: keys.to_vec(),
        ..Trust::default()
    };
    verify(files, &trust, &mut |_, _| {})
}

#[track_caller]
fn assert_intact(report: &Report) {
    assert_eq!(report.harm, None);
    assert_eq!(
        (report.verdict, report.assurance),
        (report::Verdict::Intact, report::Assurance::A1),
        "{report:#?}"
    );
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_whole_log_is_exported_and_proves_itself(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.fill(700).await?;
    let key = scene.public_key().await?;
    let (files, exported) = scene.bundle(scene.extent(0, None)).await?;
    let report = judge(&files, std::slice::from_ref(&key));
    assert_intact(&report);
    assert_eq!((report.first, report.end), (0, exported.size));
    assert!(report.whole && exported.size > 700);
    assert_eq!(exported.verdict, Some(Verdict::Intact));
    let told: Value = serde_json::from_slice(&files.0["report.json"])?;
    assert_eq!(told["verdict"], "INTACT");
    assert_eq!(told["size"], exported.size);
    assert!(files.0["disclosures.ndjson"].len() > 700 * 60);
    let without = Extent {
        disclosures: false,
        ..scene.extent(0, None)
    };
    let (files, _) = scene.bundle(without).await?;
    assert_intact(&judge(&files, &[key]));
    assert!(!files.0.contains_key("disclosures.ndjson"));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_range_comes_with_the_hashes_of_the_rest_and_the_entries_of_keys(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let oldest = scene.public_key().await?;
    scene.fill(300).await?;
    let store = &scene.db.store;
    store.rotate_log_key_by_duty(scene.seed.tenant).await?;
    scene.fill(600).await?;
    let (files, exported) = scene.bundle(scene.extent(512, Some(768))).await?;
    assert_eq!((exported.first, exported.end), (512, 768));
    for key in [oldest.clone(), scene.public_key().await?] {
        let report = judge(&files, &[key]);
        assert_intact(&report);
        assert_eq!((report.first, report.end, report.whole), (512, 768, false));
    }
    let entries: Vec<&String> = files.0.keys().filter(|p| p.contains("entries")).collect();
    assert_eq!(entries, ["tile/entries/001", "tile/entries/002"]);
    // The old key is gone; who holds it still gets to the new one.
    scene.db.clock.advance(TimeDelta::hours(25));
    let retired = store
        .retire_log_key(scene.seed.tenant, TimeDelta::hours(24))
        .await?;
    assert!(retired.is_some());
    let (files, _) = scene.bundle(scene.extent(768, None)).await?;
    assert_intact(&judge(&files, &[oldest]));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn what_was_pruned_is_exported_as_hashes(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.fill(600).await?;
    let tenant = scene.tenant_sql();
    for table in ["audit_entry", "audit_target", "audit_disclosure"] {
        let sql = format!("DELETE FROM {table} WHERE tenant_id = {tenant} AND seq < 256");
        scene.db.tamper(&sql).await?;
    }
    let sql = format!("UPDATE audit_head SET min_seq = 256 WHERE tenant_id = {tenant}");
    scene.db.tamper(&sql).await?;
    let (files, exported) = scene.bundle(scene.extent(0, None)).await?;
    assert_eq!(exported.first, 256);
    assert!(!files.0.contains_key("tile/entries/000"));
    // No entry of this log permits it, and the bundle says so.
    let key = scene.public_key().await?;
    let report = judge(&files, std::slice::from_ref(&key));
    assert_eq!(
        report.harm.map(|harm| harm.damage),
        Some(Damage::EntryMissing)
    );
    let (files, _) = scene.bundle(scene.extent(256, Some(512))).await?;
    assert_intact(&judge(&files, &[key]));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_damaged_log_is_exported_as_it_is_and_a_gap_is_named(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.fill(20).await?;
    let key = scene.public_key().await?;
    let tenant = scene.tenant_sql();
    let zeros = match kind {
        Database::Sqlite => "zeroblob(32)",
        Database::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    let sql =
        format!("UPDATE audit_entry SET leaf = {zeros} WHERE tenant_id = {tenant} AND seq = 9");
    scene.db.tamper(&sql).await?;
    let (files, exported) = scene.bundle(scene.extent(0, None)).await?;
    assert_eq!(exported.verdict, Some(Verdict::Broken));
    let report = judge(&files, &[key]);
    let harm = report.harm.map(|harm| (harm.damage, harm.seq));
    assert_eq!(harm, Some((Damage::ContentAltered, Some(9))));
    let sql = format!("DELETE FROM audit_entry WHERE tenant_id = {tenant} AND seq = 12");
    scene.db.tamper(&sql).await?;
    let refused = scene.bundle(scene.extent(0, None)).await;
    assert!(matches!(refused, Err(ExportError::EntryMissing(12))));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn the_receipt_of_an_export_stays_and_later_exports_follow_it(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.fill(30).await?;
    let (_, first) = scene.bundle(scene.extent(0, None)).await?;
    commit(&scene.db.store, &scene.owner(), "later").await?;
    scene.db.sequence_all().await?;
    let (files, second) = scene.bundle(scene.extent(0, None)).await?;
    assert!(second.size > first.size);
    let trust = Trust {
        keys: vec![scene.public_key().await?],
        receipt: Some(Note::parse(first.checkpoint.as_bytes())?),
        anchor: None,
    };
    let report = verify(&files, &trust, &mut |_, _| {});
    assert_eq!(report.assurance, report::Assurance::A2, "{report:#?}");
    let own = format!("anchors/size-{:012}.note", first.size);
    assert_eq!(files.0.get(&own), Some(&first.checkpoint.into_bytes()));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn an_event_has_the_entry_with_its_hash(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.fill(600).await?;
    let packed = scene.lines(scene.extent(1, None), Format::Ocsf).await?;
    let mut text = String::new();
    zstd::Decoder::new(packed.as_slice())?.read_to_string(&mut text)?;
    let events: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    let events = events?;
    let raws = scene.raws().await?;
    assert_eq!(events.len(), raws.len() - 1);
    for (event, raw) in events.iter().zip(&raws[1..]) {
        assert_eq!(event["raw_data"], **raw);
        let hash = audit::hash::Hash::of(raw.as_bytes()).to_hex();
        assert_eq!(event["raw_data_hash"]["value"], hash);
    }
    let last = events.last().and_then(|event| event.pointer("/actor/user"));
    let email = last.and_then(|user| user.get("email_addr"));
    assert_eq!(email, Some(&Value::from("somebody@example.com")));
    let types: BTreeSet<u64> = events
        .iter()
        .filter_map(|e| e["type_uid"].as_u64())
        .collect();
    assert!(types.contains(&600_303), "{types:?}");
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_table_has_a_record_for_each_entry(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.fill(10).await?;
    let table = scene.lines(scene.extent(0, Some(4)), Format::Csv).await?;
    let table = String::from_utf8(table)?;
    let records: Vec<&str> = table.split_terminator("\r\n").collect();
    assert_eq!(records.len(), 5, "{table}");
    assert!(records[0].starts_with("seq,event_id,"));
    assert!(records[1].starts_with("0,") && records[1].contains(",audit.genesis,success,"));
    let plain = Extent {
        disclosures: false,
        ..scene.extent(0, None)
    };
    let table = scene.lines(plain, Format::Csv).await?;
    assert!(!String::from_utf8(table)?.contains("somebody@example.com"));
    Ok(scene.db.close().await?)
}
