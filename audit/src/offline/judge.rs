//! From what was found, and who is believed, to a verdict.

use super::Trust;
use super::claims::{Misfits, compare};
use super::evidence::{Evidence, Stop};
use super::fault::{Case, Fault};
use super::held::{Held, held};
use super::trust::{Believed, Signed, Witness, believe};
use crate::bundle::Manifest;
use crate::report::{Assurance, Harm, Point, Report, Verdict};
use crate::retention::GapCount;

pub(super) fn judge(mut evidence: Evidence, trust: &Trust) -> Report {
    if let Some(Stop::Unreadable(reason)) = &evidence.stop {
        return Report::inconclusive(reason);
    }
    if evidence.entries.count == 0 && (evidence.gaps.is_full() || evidence.permits.is_full()) {
        return Report::inconclusive("the log documents more gaps than this program can hold");
    }
    let knows_permits = evidence.knows_permits();
    let gaps = evidence.add_gaps(knows_permits);
    let Some(believed) = believe(&evidence, &trust.keys) else {
        return without_checkpoint(&evidence);
    };
    if let Some(finding) = evidence.misnamed() {
        evidence.entries.add(finding);
    }
    let manifest = evidence.manifest.as_deref().map(Manifest::parse);
    let misfits = match &manifest {
        Some(Ok(manifest)) => misfits(&mut evidence, manifest, &believed, knows_permits),
        _ => Misfits::default(),
    };
    let held = held(&evidence, &believed, trust);
    let case = Case {
        evidence: &evidence,
        believed: &believed,
        manifest: manifest.as_ref(),
        misfits: &misfits,
        held: &held,
        keys_given: !trust.keys.is_empty(),
    };
    let mut report = describe(&case, gaps);
    match case.fault() {
        Some(fault) => broken(&mut report, fault, &believed.witnesses),
        None => conclude(&mut report, &case),
    }
    report
}

/// Compares with the manifest. What is missing or too much counts as damage, unless the manifest was altered, or
/// reading ended before.
fn misfits(
    evidence: &mut Evidence,
    manifest: &Manifest,
    believed: &Believed,
    knows_permits: bool,
) -> Misfits {
    let Some(front) = &evidence.front else {
        return Misfits::default();
    };
    let misfits = compare(manifest, evidence, &front.checkpoint, knows_permits);
    let is_whole = evidence.stop.is_none();
    if is_whole && !matches!(believed.seal, Signed::Forged(_)) {
        for finding in misfits.entries.iter().cloned() {
            evidence.entries.add(finding);
        }
    }
    misfits
}

fn without_checkpoint(evidence: &Evidence) -> Report {
    let mut report = Report::inconclusive("the bundle has no checkpoint");
    if let Some(fault) = evidence.stop.as_ref().and_then(Fault::of_stop) {
        broken(&mut report, fault, &[]);
    }
    report
}

fn describe(case: &Case<'_>, gaps: GapCount) -> Report {
    let mut report = Report::inconclusive("");
    report.pruned = gaps.pruned;
    report.redacted = gaps.redacted;
    report.cosigned_at = case.believed.cosigned_at;
    report.previous.clone_from(&case.evidence.previous);
    if let Signed::By(key) = &case.believed.checkpoint {
        report.signed_by = Some(key.clone());
        report.assurance = Assurance::A1;
    }
    if let Some(front) = &case.evidence.front {
        report.origin.clone_from(&front.checkpoint.origin);
        report.size = front.checkpoint.tree.size;
        report.root = Some(front.checkpoint.tree.root);
    }
    match case.manifest {
        Some(Ok(manifest)) => scope(&mut report, manifest),
        _ => {
            report.first = case.evidence.present.first().map_or(0, |run| run.start);
            report.end = case.evidence.present.last().map_or(0, |run| run.end);
        }
    }
    report
}

fn scope(report: &mut Report, manifest: &Manifest) {
    report.first = manifest.first;
    report.end = manifest.end;
    report.whole = manifest.whole;
    report.disclosures = manifest.disclosures;
    if manifest.whole {
        report.pruned += manifest.first;
    }
}

fn broken(report: &mut Report, fault: Fault, witnesses: &[Witness]) {
    report.verdict = Verdict::Broken;
    report.obstacle = None;
    report.compared = fault.compared;
    let (last_good, first_bad) = window(fault.seq, witnesses);
    report.harm = Some(Harm {
        damage: fault.damage,
        seq: fault.seq,
        reason: fault.reason,
        file: fault.file,
        recorded: fault.recorded,
        recomputed: fault.recomputed,
        last_good,
        first_bad: first_bad.or(fault.compared),
        affected: fault.affected,
    });
}

/// The signed states around an entry.
fn window(seq: Option<u64>, witnesses: &[Witness]) -> (Option<Point>, Option<Point>) {
    let Some(seq) = seq else { return (None, None) };
    let points = |covers: bool| {
        witnesses
            .iter()
            .filter(move |witness| (witness.point.size > seq) == covers)
            .filter(move |witness| covers || witness.agrees)
            .map(|witness| witness.point)
    };
    (
        points(false).max_by_key(|point| point.size),
        points(true).min_by_key(|point| point.size),
    )
}

/// Nothing is wrong: how much is that worth?
fn conclude(report: &mut Report, case: &Case<'_>) {
    let unsigned = case.keys_given && report.signed_by.is_none();
    let obstacle = match case.held {
        _ if unsigned => Some("no trusted key has signed the checkpoint".to_owned()),
        Held {
            obstacle: Some(obstacle),
            ..
        } => Some(obstacle.clone()),
        _ => None,
    };
    if obstacle.is_some() {
        report.obstacle = obstacle;
        return;
    }
    report.obstacle = None;
    let gaps = report.pruned > 0 || report.redacted > 0;
    report.verdict = if gaps {
        Verdict::IntactWithDocumentedGaps
    } else {
        Verdict::Intact
    };
    (report.assurance, report.compared) = assurance(report, case.held);
}

fn assurance(report: &Report, held: &Held) -> (Assurance, Option<Point>) {
    let newest = held.anchor.filter(|anchor| anchor.size == report.size);
    // An anchor that the log has outgrown says no more than a receipt.
    let older = held.receipt.into_iter().chain(held.anchor);
    let older = older.max_by_key(|point| point.size);
    match (newest, older) {
        _ if report.signed_by.is_none() => (Assurance::A0, None),
        (Some(anchor), _) => (Assurance::A3, Some(anchor)),
        (None, Some(point)) => (Assurance::A2, Some(point)),
        (None, None) => (Assurance::A1, None),
    }
}
