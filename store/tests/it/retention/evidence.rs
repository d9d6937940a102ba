//! A bundle of a log that has seen everything, judged by programs that know the store not at all.

use std::{path::Path, process::Command};

use anyhow::{Context as _, ensure};
use audit::{bundle::Files, note::VerifierKey, report};
use policy::Action;
use rstest::rstest;
use serde_json::Value;
use store::testing::Database;

use super::{ENTRIES, PAYLOAD};
use crate::{
    export::judge,
    scene::{Scene, commit_rich},
};

/// How many times the bundle is spoilt.
const TAMPERINGS: u64 = 20;

/// A refusal, a key replaced, entries pruned, disclosures pruned, one redacted, and ordinary entries before, between
/// and after.
async fn eventful(scene: &Scene) -> anyhow::Result<()> {
    let (store, tenant) = (&scene.db.store, scene.seed.tenant);
    let snapshot = store
        .snapshot(&scene.seed.actor(policy::Role::Viewer))
        .await?;
    ensure!(snapshot.view(Action::AuditRead).is_err());
    drop(snapshot);
    store.flush_denials(true).await?;
    scene.grow_log(600).await?;
    scene.years_pass(8);
    scene.prune(ENTRIES).await?;
    ensure!(scene.drain().await? == 512);
    store.rotate_log_key_by_duty(tenant).await?;
    scene.db.clock.advance(chrono::TimeDelta::days(2));
    let overlap = chrono::TimeDelta::hours(24);
    ensure!(store.retire_log_key(tenant, overlap).await?.is_some());
    scene.grow_log(40).await?;
    scene.years_pass(2);
    scene.prune(PAYLOAD).await?;
    ensure!(scene.drain().await? > 0);
    commit_rich(store, &scene.owner()).await?;
    scene.db.sequence_all().await?;
    let rich = scene.raws().await?.len() as u64 + 511;
    store
        .redact(&scene.owner(), scene.redaction(&[(rich, &["extra"])]))
        .await?;
    ensure!(scene.drain().await? == 1);
    scene.grow_log(30).await
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_bundle_of_an_eventful_log_proves_itself_and_shows_every_tampering(
    #[case] kind: Database,
) -> anyhow::Result<()> {
    let scene = Scene::with_entries(kind).await?;
    eventful(&scene).await?;
    let key = scene.public_key().await?;
    let (files, exported) = scene.bundle(scene.extent(0, None)).await?;
    let report = judge(&files, std::slice::from_ref(&key));
    assert_eq!(report.harm, None);
    assert_eq!(
        report.verdict,
        report::Verdict::IntactWithDocumentedGaps,
        "{report:#?}"
    );
    assert!(report.whole && report.pruned > 512, "{report:#?}");
    assert_eq!((report.redacted, report.size), (1, exported.size));
    let told: Value = serde_json::from_slice(&files.0["report.json"])?;
    for (name, count) in [("pruned", report.pruned), ("redacted", report.redacted)] {
        assert_eq!(told[name], count, "the server and the verifier count alike");
    }
    let directory = tempfile::tempdir()?;
    let (code, out) = by_script(&files, directory.path(), &key)?;
    ensure!(
        code == Some(0) && out.contains("INTACT_WITH_DOCUMENTED_GAPS"),
        "{code:?} {out}"
    );
    for round in 0..TAMPERINGS {
        let (spoilt, path) = spoil(&files, round)?;
        let report = judge(&spoilt, std::slice::from_ref(&key));
        let harm = report.harm.as_ref().context("nothing was found")?;
        assert_eq!(
            report.verdict,
            report::Verdict::Broken,
            "{path}: {report:#?}"
        );
        ensure!(harm.seq.is_some(), "{path}: no entry is named: {harm:?}");
    }
    Ok(scene.db.close().await?)
}

/// Turns a bit of evidence; which, follows from the round.
fn spoil(files: &Files, round: u64) -> anyhow::Result<(Files, String)> {
    let mut spoilt = files.clone();
    let is_evidence = |path: &&String| path.starts_with("tile/") || *path == "disclosures.ndjson";
    let places: Vec<&String> = files.0.keys().filter(is_evidence).collect();
    let chance = audit::hash::Hash::of(&round.to_be_bytes()).0;
    let pick = |at: usize, bound: usize| {
        usize::from(u16::from_be_bytes([chance[at], chance[at + 1]])) % bound
    };
    let path = places[pick(0, places.len())].clone();
    let bytes = spoilt.0.get_mut(&path).context("chosen from these")?;
    let at = pick(2, bytes.len());
    bytes[at] ^= 1 << pick(4, 8);
    Ok((spoilt, path))
}

/// What the script in the bundle says of it, on a machine that has Python and the key.
fn by_script(
    files: &Files,
    directory: &Path,
    key: &VerifierKey,
) -> anyhow::Result<(Option<i32>, String)> {
    for (path, bytes) in &files.0 {
        let place = directory.join(path);
        std::fs::create_dir_all(place.parent().context("a file in a directory")?)?;
        std::fs::write(place, bytes)?;
    }
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/judges/bin/python");
    let judged = Command::new(python)
        .arg(directory.join("verify.py"))
        .arg(directory)
        .args(["--key", &key.to_string()])
        .output()
        .with_context(|| format!("{python} does not start; run `make setup`"))?;
    let out = String::from_utf8_lossy(&judged.stdout).into_owned();
    Ok((
        judged.status.code(),
        out + &String::from_utf8_lossy(&judged.stderr),
    ))
}
