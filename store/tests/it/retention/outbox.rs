//! What waits in the outbox permits nothing.

use entity::EventId;
use rstest::rstest;
use store::{testing::Database, verify::Verdict};

use crate::scene::{Scene, commit};

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn whoever_writes_to_the_outbox_cannot_announce_a_deletion(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    let redaction = scene.redaction(&[(4, &["extra"])]);
    scene.db.store.redact(&scene.owner(), redaction).await?;
    scene.drain().await?;
    let raws = scene.raws().await?;
    let raw = raws.last().map_or("", String::as_str);
    let mut draft = audit::entry::Entry::parse(raw.as_bytes())?.draft;
    draft.id = EventId::generate().uuid().to_string();
    draft.sd.clear();
    let text = String::from_utf8(draft.to_bytes())?.replace(r#""seq":4"#, r#""seq":6"#);
    let bytes = match kind {
        Database::Sqlite => format!("CAST('{text}' AS BLOB)"),
        Database::Postgres => format!("convert_to('{text}', 'UTF8')"),
    };
    let sql = format!(
        "INSERT INTO audit_outbox (tenant_id, event_id, draft, disclosures, created_at) \
         VALUES ({}, '{}', {bytes}, '', '2026-01-01T00:00:00+00:00')",
        scene.tenant_sql(),
        draft.id
    );
    scene.db.tamper(&sql).await?;
    commit(&scene.db.store, &scene.owner(), "after").await?;
    scene.db.sequence_all().await?;
    let rejected = scene.raws().await?;
    let found = rejected
        .iter()
        .filter(|raw| raw.contains("only the log itself"));
    assert_eq!(found.count(), 1);
    scene
        .expect(Verdict::IntactWithDocumentedGaps, 0, 1)
        .await?;
    Ok(scene.db.close().await?)
}
