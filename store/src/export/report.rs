//! The server's own verification, in the words of a bundle's report.

use audit::{
    entry::Time,
    report::{self, Disclosures, Harm, Point, Report},
};

use super::plan::Outline;
use crate::verify::{Assurance, Signed, Verdict, Verification};

/// The report of a bundle about what a verification beside the export found.
pub(super) fn of(found: &Verification, outline: &Outline, signed_by: Option<String>) -> Report {
    let is_signed = found.assurance != Assurance::A0;
    Report {
        verdict: verdict(found.verdict),
        assurance: assurance(found.assurance),
        compared: None,
        origin: outline.origin.clone(),
        size: outline.tree.size,
        root: Some(outline.tree.root),
        first: outline.first,
        end: outline.end,
        whole: outline.whole,
        disclosures: if outline.disclosures {
            Disclosures::All
        } else {
            Disclosures::None
        },
        pruned: found.gaps.pruned,
        redacted: found.gaps.redacted,
        signed_by: signed_by.filter(|_| is_signed),
        cosigned_at: None,
        previous: found.previous.clone(),
        harm: harm(found),
        obstacle: found.obstacle.clone(),
    }
}

fn verdict(verdict: Verdict) -> report::Verdict {
    match verdict {
        Verdict::Intact => report::Verdict::Intact,
        Verdict::IntactWithDocumentedGaps => report::Verdict::IntactWithDocumentedGaps,
        Verdict::Broken => report::Verdict::Broken,
        Verdict::Inconclusive => report::Verdict::Inconclusive,
    }
}

fn assurance(assurance: Assurance) -> report::Assurance {
    match assurance {
        Assurance::A0 => report::Assurance::A0,
        Assurance::A1 => report::Assurance::A1,
        Assurance::A2 => report::Assurance::A2,
        Assurance::A3 => report::Assurance::A3,
    }
}

fn harm(found: &Verification) -> Option<Harm> {
    let first = found.first_bad.as_ref()?;
    Some(Harm {
        damage: first.damage,
        seq: Some(first.seq),
        reason: first.reason.clone(),
        file: None,
        recorded: first.recorded,
        recomputed: first.recomputed,
        last_good: found.window.last_good.as_ref().map(point),
        first_bad: found.window.first_bad.as_ref().map(point),
        affected: found.findings,
    })
}

fn point(signed: &Signed) -> Point {
    Point {
        size: signed.size,
        at: Time::from_micros(signed.signed_at_micros).ok(),
    }
}
