//! What waits, and what cannot become an entry.

use entity::EventId;
use rstest::rstest;
use store::{testing::Database, verify::Verdict};

use crate::scene::{Scene, commit};

/// Puts rows into the outbox past the store.
async fn insert(scene: &Scene, event: &str, draft: &str, disclosures: &str) -> anyhow::Result<()> {
    let bytes = match scene.db.kind() {
        Database::Sqlite => format!("CAST({draft} AS BLOB)"),
        Database::Postgres => format!("convert_to({draft}, 'UTF8')"),
    };
    let sql = format!(
        "INSERT INTO audit_outbox (tenant_id, event_id, draft, disclosures, created_at) \
         VALUES ({}, {event}, {bytes}, {disclosures}, '2026-01-01T00:00:00+00:00')",
        scene.tenant_sql()
    );
    scene.db.tamper(&sql).await?;
    Ok(())
}

/// An entry of the log turned back into the draft it came from.
fn draft_of(raw: &str) -> anyhow::Result<(String, String)> {
    let entry = audit::entry::Entry::parse(raw.as_bytes())?;
    let draft = String::from_utf8(entry.draft.to_bytes())?;
    Ok((entry.draft.id, draft))
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn what_cannot_be_an_entry_is_named_in_the_log_and_stops_nothing(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    commit(&scene.db.store, &scene.owner(), "before").await?;
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let (id, draft) = draft_of(raws.last().map_or("", String::as_str))?;
    let fresh = EventId::generate().uuid().to_string();
    let foreign = draft
        .replace(&id, &fresh)
        .replace(&scene.seed.tenant.uuid().to_string(), &fresh);
    let undisclosed = EventId::generate().uuid().to_string();
    let rows = [
        (EventId::generate().uuid().to_string(), "garbage".to_owned()),
        (fresh, foreign),
        (EventId::generate().uuid().to_string(), draft.clone()),
        (id.clone(), draft.clone()),
        (id.clone(), draft.clone()),
        (undisclosed.clone(), draft.replace(&id, &undisclosed)),
    ];
    for (event, draft) in &rows {
        insert(&scene, &format!("'{event}'"), &format!("'{draft}'"), "''").await?;
    }
    commit(&scene.db.store, &scene.owner(), "after").await?;
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let rejected = raws
        .iter()
        .filter(|raw| raw.contains("audit.draft_rejected"));
    assert_eq!(rejected.count(), rows.len());
    for cause in [
        "its bytes are not a draft",
        "it names another tenant",
        "it names another event",
        "its disclosures are not those it was drafted with",
    ] {
        assert!(raws.iter().any(|raw| raw.contains(cause)), "{cause}");
    }
    assert!(raws.last().is_some_and(|raw| raw.contains("after")));
    // Two rows had one event id: one row of evidence, two entries that say so.
    assert_eq!(scene.count("audit_quarantine").await?, rows.len() - 1);
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn one_event_twice_in_one_batch_is_one_entry(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    let (id, draft) = draft_of(scene.raws().await?.last().map_or("", String::as_str))?;
    let fresh = EventId::generate().uuid().to_string();
    let draft = draft.replace(&id, &fresh);
    // Without its disclosures, so that the texts need not be made here.
    let (start, rest) = draft.split_once("\"sd\":{").unwrap_or_default();
    let (_, rest) = rest.split_once('}').unwrap_or_default();
    let draft = format!("{start}\"sd\":{{}}{rest}");
    for _ in 0..2 {
        insert(&scene, &format!("'{fresh}'"), &format!("'{draft}'"), "''").await?;
    }
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    let cause = "its event is in the log already";
    assert_eq!(raws.iter().filter(|raw| raw.contains(cause)).count(), 1);
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn a_row_that_names_nobody_keeps_nobody_waiting_on_sqlite() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Sqlite).await?;
    let sql = "INSERT INTO audit_outbox (tenant_id, event_id, draft, disclosures, created_at) \
               VALUES (CAST(x'ff' AS TEXT), 'nobody', x'00', '', 'never')";
    scene.db.tamper(sql).await?;
    insert(&scene, "CAST(x'ff' AS TEXT)", "'x'", "CAST(x'ff' AS TEXT)").await?;
    scene.db.sequence_all().await?;
    let raws = scene.raws().await?;
    assert!(raws.last().is_some_and(|raw| raw.contains("is not a uuid")));
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_sequencer_that_dies_in_its_transaction_loses_nothing(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    scene.db.sequence_all().await?;
    let before = scene.raws().await?.len();
    let event = EventId::generate().uuid();
    insert(&scene, &format!("'{event}'"), "'waits'", "''").await?;
    for patience in 0..60 {
        let pass = scene.db.store.sequence_once();
        tokio::pin!(pass);
        for _ in 0..patience {
            if futures_util::poll!(pass.as_mut()).is_ready() {
                break;
            }
            // Gives the connection a moment, so that each round dies at a later point.
            scene.db.store.database().ping().await?;
        }
    }
    scene.db.sequence_all().await?;
    assert_eq!(scene.db.store.pending_events().await?, 0);
    assert_eq!(scene.raws().await?.len(), before + 1);
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}
