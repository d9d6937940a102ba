//! The manifest against what was read.

use std::ops::Range;

use super::evidence::Evidence;
use super::read::Seen;
use crate::bundle::{CHECKPOINT, FileDigest, MANIFEST, Manifest, Place};
use crate::chain::{Damage, Finding};
use crate::checkpoint::Checkpoint;
use crate::report::Disclosures;
use crate::tile::WIDTH;

/// What does not fit.
#[derive(Debug, Default)]
pub(super) struct Misfits {
    /// Entries and disclosures that should be there, or should not.
    pub(super) entries: Vec<Finding>,
    /// Files: path, and the rest of a sentence.
    pub(super) files: Vec<(String, String)>,
}

impl Misfits {
    /// Whether the checkpoint is not the one that was exported.
    pub(super) fn is_checkpoint_other(&self) -> bool {
        self.files.iter().any(|(path, _)| path == CHECKPOINT)
    }

    fn file(&mut self, path: &str, reason: &str) {
        self.files.push((path.to_owned(), reason.to_owned()));
    }
}

/// Compares a bundle that was read to its end.
pub(super) fn compare(
    manifest: &Manifest,
    evidence: &Evidence,
    checkpoint: &Checkpoint,
) -> Misfits {
    let mut misfits = Misfits::default();
    files(manifest, &evidence.files, &mut misfits);
    if let Some(name) = contradiction(manifest, checkpoint) {
        misfits.file(
            MANIFEST,
            &format!("says another `{name}` than the checkpoint"),
        );
        return misfits;
    }
    misfits
        .entries
        .extend(presence(manifest, &evidence.present));
    if manifest.disclosures == Disclosures::All {
        misfits
            .entries
            .extend(disclosed(manifest, evidence.disclosed.clone()));
    }
    misfits.entries.extend(pruned(manifest, evidence));
    misfits
}

/// Both lists are in the order of places.
fn files(manifest: &Manifest, seen: &[Seen], misfits: &mut Misfits) {
    let (mut listed, mut seen) = (manifest.files.iter().peekable(), seen.iter().peekable());
    loop {
        match (listed.peek(), seen.peek()) {
            (Some(file), Some(found)) if file.path == found.path => {
                if !fits(file, found) {
                    misfits.file(&file.path, "is not the file of the manifest");
                }
                listed.next();
                seen.next();
            }
            (Some(file), found) if found.is_none_or(|found| before(file, found)) => {
                misfits.file(&file.path, "is missing");
                listed.next();
            }
            (_, Some(found)) => {
                misfits.file(&found.path, "is not in the manifest");
                seen.next();
            }
            (_, None) => break,
        }
    }
}

fn fits(file: &FileDigest, found: &Seen) -> bool {
    file.len == found.len && found.sha256.is_none_or(|sha256| sha256 == file.sha256)
}

fn before(file: &FileDigest, found: &Seen) -> bool {
    Place::of(&file.path) < Place::of(&found.path)
}

fn contradiction(manifest: &Manifest, checkpoint: &Checkpoint) -> Option<&'static str> {
    let tile = u64::from(WIDTH);
    let pairs = [
        ("origin", manifest.origin == checkpoint.origin),
        ("size", manifest.size == checkpoint.tree.size),
        ("root", manifest.root == checkpoint.tree.root),
        (
            "first",
            manifest.first.is_multiple_of(tile) && manifest.first <= manifest.end,
        ),
        (
            "end",
            manifest.end == manifest.size
                || manifest.end.is_multiple_of(tile) && manifest.end < manifest.size,
        ),
        ("scope", !manifest.whole || manifest.end == manifest.size),
    ];
    pairs
        .into_iter()
        .find(|(_, fits)| !fits)
        .map(|(name, _)| name)
}

/// The entries that the manifest says are there.
fn claimed(manifest: &Manifest) -> Vec<Range<u64>> {
    let tile = u64::from(WIDTH);
    let extra = manifest.extra.iter().map(|index| {
        let start = index.saturating_mul(tile);
        start..start.saturating_add(tile).min(manifest.size)
    });
    let mut runs: Vec<Range<u64>> = extra
        .chain(std::iter::once(manifest.first..manifest.end))
        .filter(|run| !run.is_empty())
        .collect();
    runs.sort_by_key(|run| run.start);
    runs.dedup_by(|next, run| {
        let touches = next.start == run.end;
        if touches {
            run.end = next.end;
        }
        touches
    });
    runs
}

fn presence(manifest: &Manifest, present: &[Range<u64>]) -> Option<Finding> {
    let claimed = claimed(manifest);
    let differing = claimed
        .iter()
        .zip(present)
        .find(|(claimed, found)| claimed != found);
    let missing = |seq| {
        Finding::new(
            seq,
            Damage::EntryMissing,
            "entries of the manifest are not there",
        )
    };
    let inserted = |seq| {
        Finding::new(
            seq,
            Damage::EntryInserted,
            "entries are there that the manifest does not have",
        )
    };
    match differing {
        Some((claimed, found)) if found.start > claimed.start => Some(missing(claimed.start)),
        Some((claimed, found)) if found.start < claimed.start => Some(inserted(found.start)),
        Some((claimed, found)) if found.end < claimed.end => Some(missing(found.end)),
        Some((claimed, _)) => Some(inserted(claimed.end)),
        None if claimed.len() > present.len() => Some(missing(claimed[present.len()].start)),
        None => present.get(claimed.len()).map(|run| inserted(run.start)),
    }
}

fn disclosed(manifest: &Manifest, seqs: Option<Range<u64>>) -> Option<Finding> {
    let range = manifest.first..manifest.end;
    let seqs = seqs.unwrap_or(range.start..range.start);
    if seqs == range || (range.is_empty() && seqs.is_empty()) {
        return None;
    }
    let missing = if seqs.is_empty() || seqs.start > range.start {
        range.start
    } else {
        seqs.end
    };
    if range.contains(&missing) {
        let reason = "there is no line of disclosures for it";
        return Some(Finding::new(missing, Damage::DisclosureMissing, reason));
    }
    let seq = if seqs.start < range.start {
        seqs.start
    } else {
        range.end
    };
    Some(Finding::new(
        seq,
        Damage::DisclosureAltered,
        "there is a line of disclosures beyond the range",
    ))
}

/// A whole log begins with its first entry, or where its own entries say it was pruned.
fn pruned(manifest: &Manifest, evidence: &Evidence) -> Option<Finding> {
    let from = evidence.permits.entries_from();
    (manifest.whole && manifest.first > from).then(|| {
        let reason = format!(
            "entries up to {} are gone, and no entry says why",
            manifest.first
        );
        Finding::new(from, Damage::EntryMissing, reason)
    })
}
