//! The manifest against what was read.

use std::ops::Range;

use super::evidence::Evidence;
use crate::bundle::{CHECKPOINT, DISCLOSURES, FileDigest, MANIFEST, Manifest, Place};
use crate::chain::{Damage, Finding};
use crate::checkpoint::Checkpoint;
use crate::genesis::read_origin;
use crate::report::Disclosures;
use crate::tile::{MAX_LEVEL, Tile, TilePath, WIDTH, hashes};

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
    knows_permits: bool,
) -> Misfits {
    let mut misfits = Misfits::default();
    files(manifest, evidence, checkpoint.tree.size, &mut misfits);
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
    match manifest.disclosures {
        Disclosures::All => misfits
            .entries
            .extend(disclosed(manifest, evidence.disclosed.clone())),
        Disclosures::None if evidence.disclosed.is_some() => {
            misfits.file(DISCLOSURES, "is there, and the manifest says there is none");
        }
        Disclosures::None => {}
    }
    if knows_permits && misfits.entries.is_empty() {
        misfits.entries.extend(pruned(manifest, evidence));
    }
    misfits
}

fn files(manifest: &Manifest, evidence: &Evidence, size: u64, misfits: &mut Misfits) {
    let places: Vec<Option<Place>> = manifest
        .files
        .iter()
        .map(|file| Place::of(&file.path))
        .collect();
    if !places.is_sorted_by(|one, other| one.is_some() && one < other) {
        misfits.file(
            MANIFEST,
            "lists what is no file of a bundle, or not in order",
        );
    }
    let is_tile = |place: &Option<Place>| place.as_ref().is_some_and(Place::is_tile);
    let files = || manifest.files.iter().zip(&places);
    let others = files().filter(|(_, place)| !is_tile(place));
    prose(others.map(|(file, _)| file), &evidence.files, misfits);
    let tiles = files().filter(|(_, place)| is_tile(place));
    tiles_listed(
        tiles.map(|(file, _)| file),
        &evidence.present,
        size,
        misfits,
    );
}

/// Both lists are in the order of places.
fn prose<'a>(
    listed: impl Iterator<Item = &'a FileDigest>,
    seen: &[FileDigest],
    misfits: &mut Misfits,
) {
    let (mut listed, mut seen) = (listed.peekable(), seen.iter().peekable());
    loop {
        match (listed.peek(), seen.peek()) {
            (Some(file), Some(found)) if file.path == found.path => {
                if file != found {
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

fn before(file: &FileDigest, found: &FileDigest) -> bool {
    Place::of(&file.path) < Place::of(&found.path)
}

/// Which tiles there are follows from the size and the entries present; what is in them, from the root. To hash them
/// once more would cost as much as all the rest.
fn tiles_listed<'a>(
    listed: impl Iterator<Item = &'a FileDigest>,
    present: &[Range<u64>],
    size: u64,
    misfits: &mut Misfits,
) {
    let mut count = 0;
    for file in listed {
        count += 1;
        if !TilePath::parse(&file.path).is_some_and(|path| exists(path, present, size)) {
            misfits.file(&file.path, "is missing");
        }
    }
    let levels = (0..=MAX_LEVEL).map(|level| hashes(level, size).div_ceil(WIDTH.into()));
    let entries = present
        .iter()
        .map(|run| (run.end - run.start).div_ceil(WIDTH.into()));
    let expected: u64 = levels.chain(entries).sum();
    if count < expected {
        misfits.file(MANIFEST, "does not list every tile");
    }
}

fn exists(path: TilePath, present: &[Range<u64>], size: u64) -> bool {
    let (TilePath::Hashes(tile) | TilePath::Entries(tile)) = path;
    let start = tile.places().start;
    let there = || {
        let next = present.partition_point(|run| run.end <= start);
        present.get(next).is_some_and(|run| run.contains(&start))
    };
    Tile::at(tile.level, tile.index, size) == Some(tile)
        && (matches!(path, TilePath::Hashes(_)) || there())
}

fn contradiction(manifest: &Manifest, checkpoint: &Checkpoint) -> Option<&'static str> {
    let tile = u64::from(WIDTH);
    let pairs = [
        ("origin", manifest.origin == checkpoint.origin),
        (
            "epoch",
            read_origin(&manifest.origin).map(|(_, epoch)| u64::from(epoch))
                == Some(manifest.epoch),
        ),
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
        ("extra", extra_fits(manifest)),
    ];
    pairs
        .into_iter()
        .find(|(_, fits)| !fits)
        .map(|(name, _)| name)
}

/// Whether the tiles beside the range are tiles of the log, in order.
fn extra_fits(manifest: &Manifest) -> bool {
    let range = manifest.first..manifest.end;
    let beside = |index: &u64| {
        let start = index.saturating_mul(WIDTH.into());
        start < manifest.size && !range.contains(&start)
    };
    manifest.extra.is_sorted_by(|one, other| one < other) && manifest.extra.iter().all(beside)
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
