//! One column of one row changed behind the store's back, for every column of every audit table.

use std::collections::BTreeSet;

use audit::chain::Damage;
use rstest::rstest;
use store::{retention::NewHold, testing::Database, verify::Verdict};

use crate::scene::{Scene, commit, commit_rich};

const OTHER: &str = "'0190b2f0-0000-7000-8000-000000000001'";
const LONG_AGO: &str = "'2020-01-01T00:00:00+00:00'";

/// The entry that is changed, the number of entries, and the tables that are evidence.
const SEQ: u64 = 4;
const SIZE: u64 = 263;
/// The entry that set the hold that is changed.
const HOLD: u64 = 6;
const EVIDENCE: [&str; 8] = [
    "audit_checkpoint",
    "audit_tile",
    "audit_entry",
    "audit_target",
    "audit_disclosure",
    "audit_head",
    "audit_key",
    "audit_hold",
];
/// What is not in the log yet, or never will be; see `store::verify`.
const OUTSIDE: [&str; 9] = [
    "audit_outbox",
    "audit_quarantine",
    // Say what may be tidied up and what is still to do, not what was.
    "audit_checkpoint.pinned",
    "audit_head.collected_size",
    "audit_head.anchored_size",
    // Who asked for an export is in its entries; a bundle proves itself.
    "audit_export",
    "audit_removal",
    // What a purge took is in entries of two logs, the certificate's hash among it.
    "audit_purge",
    // Nobody has asked for the time yet.
    "audit_cosigner",
];

struct Case {
    column: &'static str,
    value: String,
    damage: Damage,
    seq: u64,
}

fn case(column: &'static str, value: impl Into<String>, damage: Damage, seq: u64) -> Case {
    Case {
        column,
        value: value.into(),
        damage,
        seq,
    }
}

fn cases(kind: Database) -> Vec<Case> {
    use Damage::{
        ContentAltered, DisclosureAltered, DisclosureMissing, EntryInserted, EntryMissing, Forked,
        ProjectionAltered,
    };
    let (raw, zeros) = match kind {
        Database::Sqlite => (
            "CAST(replace(CAST(raw AS TEXT), 'success', 'failure') AS BLOB)",
            "zeroblob(32)",
        ),
        Database::Postgres => (
            "convert_to(replace(convert_from(raw, 'UTF8'), 'success', 'failure'), 'UTF8')",
            "decode(repeat('00', 32), 'hex')",
        ),
    };
    let last = SIZE - 1;
    vec![
        case("audit_entry.tenant_id", OTHER, EntryMissing, SEQ),
        case("audit_entry.epoch", "1", EntryMissing, SEQ),
        case("audit_entry.seq", "4000", EntryMissing, SEQ),
        case("audit_entry.seq", "-4", EntryInserted, 0),
        case("audit_entry.event_id", OTHER, ProjectionAltered, SEQ),
        case("audit_entry.leaf", zeros, ContentAltered, SEQ),
        case("audit_entry.raw", raw, ContentAltered, SEQ),
        case("audit_entry.action", "'file.read'", ProjectionAltered, SEQ),
        case("audit_entry.outcome", "'failure'", ProjectionAltered, SEQ),
        case("audit_entry.actor_type", "'system'", ProjectionAltered, SEQ),
        case("audit_entry.actor_id", OTHER, ProjectionAltered, SEQ),
        case("audit_entry.occurred_at", LONG_AGO, ProjectionAltered, SEQ),
        case("audit_entry.sequenced_at", LONG_AGO, ProjectionAltered, SEQ),
        case("audit_target.tenant_id", OTHER, ProjectionAltered, SEQ),
        case("audit_target.epoch", "1", ProjectionAltered, SEQ),
        case("audit_target.seq", "4400", ProjectionAltered, SEQ),
        case("audit_target.position", "5", ProjectionAltered, SEQ),
        case("audit_target.target_type", "'user'", ProjectionAltered, SEQ),
        case("audit_target.target_id", OTHER, ProjectionAltered, SEQ),
        case("audit_disclosure.tenant_id", OTHER, DisclosureMissing, SEQ),
        case("audit_disclosure.epoch", "1", DisclosureMissing, SEQ),
        case("audit_disclosure.seq", "4400", DisclosureMissing, SEQ),
        case(
            "audit_disclosure.field",
            "'changes'",
            DisclosureAltered,
            SEQ,
        ),
        case("audit_disclosure.disclosure", "'x'", DisclosureAltered, SEQ),
        case("audit_head.tenant_id", OTHER, EntryMissing, SIZE),
        case("audit_head.epoch", "1", Forked, 0),
        case("audit_head.size", "size - 1", EntryInserted, last),
        case("audit_head.size", "size + 1", EntryMissing, SIZE),
        case("audit_head.last_hash", zeros, ContentAltered, last),
        case("audit_head.last_ts", LONG_AGO, ProjectionAltered, last),
        case("audit_head.min_seq", "1", ProjectionAltered, 0),
        case("audit_head.state", "'quarantined'", ProjectionAltered, last),
        case("audit_head.known_epoch", "0", ProjectionAltered, last),
        case("audit_head.known_size", "900", ProjectionAltered, last),
        case("audit_head.known_root", zeros, ProjectionAltered, last),
        case("audit_head.frontier", zeros, ProjectionAltered, last),
        case("audit_tile.tenant_id", OTHER, ProjectionAltered, 0),
        case("audit_tile.epoch", "1", ProjectionAltered, 0),
        case("audit_tile.level", "1", ProjectionAltered, 0),
        case("audit_tile.tile_index", "1", ProjectionAltered, 0),
        case("audit_tile.hashes", zeros, ProjectionAltered, 0),
        case("audit_checkpoint.tenant_id", OTHER, EntryInserted, 1),
        case("audit_checkpoint.epoch", "1", ProjectionAltered, 0),
        case(
            "audit_checkpoint.size",
            "size - 1",
            ProjectionAltered,
            last - 1,
        ),
        case("audit_checkpoint.root", zeros, ProjectionAltered, last),
        case("audit_checkpoint.note", "'x'", ProjectionAltered, last),
        case(
            "audit_checkpoint.signed_at",
            LONG_AGO,
            ProjectionAltered,
            last,
        ),
        case(
            "audit_checkpoint.cosigned_at",
            LONG_AGO,
            ProjectionAltered,
            last,
        ),
        case("audit_key.tenant_id", OTHER, ProjectionAltered, 0),
        case("audit_key.epoch", "1", ProjectionAltered, 0),
        case("audit_key.key_no", "2", ProjectionAltered, 0),
        case("audit_key.master_no", "2", ProjectionAltered, 0),
        case("audit_key.sealed", zeros, ProjectionAltered, 0),
        case("audit_key.public", zeros, ProjectionAltered, 0),
        case("audit_key.created_at", LONG_AGO, ProjectionAltered, 0),
        case("audit_key.retired_at", LONG_AGO, ProjectionAltered, 0),
        case("audit_hold.tenant_id", OTHER, ProjectionAltered, HOLD),
        case("audit_hold.id", OTHER, ProjectionAltered, HOLD),
        case("audit_hold.epoch", "1", ProjectionAltered, HOLD),
        case("audit_hold.seq", "4", ProjectionAltered, HOLD),
        case("audit_hold.first_seq", "2", ProjectionAltered, HOLD),
        case("audit_hold.until_seq", "NULL", ProjectionAltered, HOLD),
        case("audit_hold.cleared_seq", "7", ProjectionAltered, HOLD),
    ]
}

/// Values that a reader who unpacks, cuts or spells otherwise would take for the true ones.
fn lookalikes(kind: Database) -> Vec<Case> {
    use Damage::{ContentAltered, DisclosureAltered, ProjectionAltered};
    let own: [(&str, &str, Damage); 5] = match kind {
        Database::Sqlite => [
            // STRICT keeps numbers out of text, and nothing else.
            ("audit_entry.action", "action || char(0)", ProjectionAltered),
            ("audit_entry.event_id", "upper(event_id)", ProjectionAltered),
            (
                "audit_entry.occurred_at",
                "replace(occurred_at, '+00:00', 'Z')",
                ProjectionAltered,
            ),
            (
                "audit_entry.raw",
                "CAST(raw || zeroblob(20000) AS BLOB)",
                ContentAltered,
            ),
            (
                "audit_entry.leaf",
                "CAST(leaf || x'00' AS BLOB)",
                ContentAltered,
            ),
        ],
        Database::Postgres => [
            ("audit_entry.occurred_at", "'infinity'", ProjectionAltered),
            ("audit_entry.sequenced_at", "'-infinity'", ProjectionAltered),
            (
                "audit_entry.occurred_at",
                "'4713-01-01 00:00:00+00 BC'",
                ProjectionAltered,
            ),
            (
                "audit_entry.raw",
                "raw || convert_to(repeat(' ', 20000), 'UTF8')",
                ContentAltered,
            ),
            ("audit_entry.leaf", "leaf || '\\x00'", ContentAltered),
        ],
    };
    let own = own.map(|(column, value, damage)| case(column, value, damage, SEQ));
    let long = match kind {
        Database::Sqlite => "printf('%.100000c', ' ')",
        Database::Postgres => "repeat(' ', 100000)",
    };
    let shared = [
        case(
            "audit_entry.action",
            "action || ','",
            ProjectionAltered,
            SEQ,
        ),
        case(
            "audit_entry.outcome",
            "outcome || ';'",
            ProjectionAltered,
            SEQ,
        ),
        case("audit_entry.actor_type", "''", ProjectionAltered, SEQ),
        case(
            "audit_entry.actor_id",
            format!("actor_id || {long}"),
            ProjectionAltered,
            SEQ,
        ),
        case(
            "audit_disclosure.disclosure",
            format!("disclosure || {long}"),
            DisclosureAltered,
            SEQ,
        ),
    ];
    own.into_iter().chain(shared).collect()
}

impl Case {
    fn sql(&self, tenant: &str) -> String {
        let (table, column) = self.column.split_once('.').unwrap_or_default();
        let row = match table {
            "audit_entry" => format!("AND seq = {SEQ}"),
            "audit_target" => format!("AND seq = {SEQ} AND position = 1"),
            "audit_disclosure" => format!("AND seq = {SEQ} AND field = 'actor.email'"),
            "audit_checkpoint" => format!("AND size = {SIZE}"),
            _ => String::new(),
        };
        let value = &self.value;
        format!("UPDATE {table} SET {column} = {value} WHERE tenant_id = {tenant} {row}")
    }
}

/// Fills a tile, so that there is one to tamper with.
async fn fill(scene: &Scene) -> anyhow::Result<()> {
    scene.db.sequence_all().await?;
    let size = scene.raws().await?.len() as u64;
    let principal = scene.owner().principal();
    scene
        .db
        .store
        .fill_outbox(scene.seed.tenant, principal, SIZE - size)
        .await?;
    scene.db.sequence_all().await?;
    Ok(())
}

/// The columns of the audit tables as the database has them.
async fn columns(scene: &Scene) -> anyhow::Result<BTreeSet<String>> {
    let sql = match scene.db.kind() {
        Database::Sqlite => {
            "SELECT m.name || '.' || c.name FROM sqlite_master m \
             JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name LIKE 'audit\\_%' \
             ESCAPE '\\'"
        }
        Database::Postgres => {
            "SELECT table_name || '.' || column_name FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name LIKE 'audit\\_%'"
        }
    };
    Ok(scene.db.look(sql).await?.into_iter().flatten().collect())
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_change_of_any_column_is_found_where_it_is(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    commit(&scene.db.store, &scene.owner(), "plain").await?;
    commit_rich(&scene.db.store, &scene.owner()).await?;
    scene.db.sequence_all().await?;
    let hold = NewHold {
        range: Some(1..3),
        basis: "court order".to_owned(),
        reference: "AZ 1/26".to_owned(),
        reason: None,
    };
    let placed = scene.db.store.set_hold(&scene.owner(), hold).await?;
    assert_eq!(placed.hold.seq.unsigned_abs(), HOLD);
    fill(&scene).await?;
    let found = scene.verdict().await?;
    assert_eq!((found.verdict, found.size), (Verdict::Intact, SIZE));
    for table in EVIDENCE {
        let sql = format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}");
        scene.db.tamper(&sql).await?;
    }
    for case in cases(kind).into_iter().chain(lookalikes(kind)) {
        let sql = case.sql(&scene.tenant_sql());
        assert_eq!(scene.db.tamper(&sql).await?, 1, "{sql}");
        let found = scene.verdict().await?;
        assert_eq!(found.verdict, Verdict::Broken, "{sql}");
        let first = found.first_bad.map(|first| (first.damage, first.seq));
        assert_eq!(first, Some((case.damage, case.seq)), "{sql}");
        let (table, _) = case.column.split_once('.').unwrap_or_default();
        let undo = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}");
        scene.db.tamper(&undo).await?;
    }
    assert_eq!(scene.verdict().await?.verdict, Verdict::Intact);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn every_column_has_a_case_or_is_outside(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let covered: BTreeSet<String> = cases(kind)
        .iter()
        .map(|case| case.column.to_owned())
        .collect();
    let mut found = columns(&scene).await?;
    assert!(!found.is_empty());
    found.retain(|column| !OUTSIDE.iter().any(|table| column.starts_with(table)));
    assert_eq!(found, covered);
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn rows_added_or_removed_are_found(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    commit_rich(&scene.db.store, &scene.owner()).await?;
    scene.db.sequence_all().await?;
    let tenant = scene.tenant_sql();
    let cases = [
        (
            format!("DELETE FROM audit_entry WHERE tenant_id = {tenant} AND seq = 2"),
            (2, Damage::EntryMissing),
        ),
        (
            format!("DELETE FROM audit_disclosure WHERE tenant_id = {tenant} AND seq = 1"),
            (1, Damage::DisclosureMissing),
        ),
        (
            format!("DELETE FROM audit_target WHERE tenant_id = {tenant} AND seq = 1"),
            (1, Damage::ProjectionAltered),
        ),
        (
            format!(
                "INSERT INTO audit_target (tenant_id, epoch, seq, position, target_type, target_id) \
                 VALUES ({tenant}, 0, 0, 0, 'file', {OTHER})"
            ),
            (0, Damage::ProjectionAltered),
        ),
    ];
    for (sql, expected) in cases {
        scene.db.tamper(&sql).await?;
        let found = scene.verdict().await?.first_bad;
        let first = found.map(|first| (first.seq, first.damage));
        assert_eq!(first, Some(expected), "{sql}");
        // Each later case has the lower number, so the earlier damage does not hide it.
    }
    Ok(scene.db.close().await?)
}
