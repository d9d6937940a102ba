//! One pass over a bundle: reads a batch of tiles while the batch before is examined on all cores.

use rayon::prelude::*;

use super::evidence::{Evidence, Stop};
use super::front::{self, Front};
use super::lines::Disclosures;
use super::read::{Files, digest};
use super::unit::{Examined, Unit};
use crate::bundle::{Place, ReadError, Source, Walk};
use crate::chain::{Damage, Finding, LogIdentity};
use crate::genesis::read_origin;
use crate::tile::{self, Tile, WIDTH};

/// A batch ends with the tile that reaches this many bytes.
const BATCH_LEN: usize = 3 << 20;

/// Everything the bundle says, as far as it could be read. `sizes` are those of the checkpoints that the auditor
/// holds: their roots are wanted, too.
pub(super) fn gather<S: Source>(
    source: &S,
    sizes: &[u64],
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Evidence {
    let mut evidence = Evidence::default();
    if let Err(stop) = pass(source, sizes, progress, &mut evidence) {
        evidence.stop = Some(stop);
        // The manifest may say that it is the checkpoint that does not belong here. If it cannot be read either,
        // what stopped the reading is all there is to say.
        let _ = manifest(source, &mut evidence);
    }
    evidence
}

/// Goes over a bundle whose tiles could not be read, for what its log says that it should be.
fn manifest<S: Source>(source: &S, evidence: &mut Evidence) -> Result<(), ReadError> {
    let Some(front) = &evidence.front else {
        return Ok(());
    };
    let mut files = Files::open(source.walk()?)?;
    files.expect_size(front.checkpoint.tree.size);
    while let Some(place) = files.peek().cloned() {
        match place {
            Place::Manifest => evidence.manifest = Some(files.take()?.1),
            Place::Seal => evidence.seal = Some(files.take()?.1),
            _ => files.pass_over()?,
        }
    }
    Ok(())
}

fn pass<S: Source>(
    source: &S,
    sizes: &[u64],
    progress: &mut (dyn FnMut(u64, u64) + Send),
    evidence: &mut Evidence,
) -> Result<(), Stop> {
    let mut files = Files::open(source.walk()?)?;
    let front = front::read(&mut files, &mut evidence.files)?;
    let size = front.checkpoint.tree.size;
    evidence.expect(&front, sizes);
    let mut tiles = Tiles {
        disclosures: disclosures(source, &mut files, evidence, size)?,
        files,
        size,
        next: 0,
        stop: None,
    };
    walk(&mut tiles, &front, evidence, progress);
    evidence.front = Some(front);
    let ended = match tiles.stop.take() {
        Some(stop) => Err(stop),
        None => tiles.finish(evidence),
    };
    evidence.close();
    ended
}

fn disclosures<'s, S: Source>(
    source: &'s S,
    files: &mut Files<S::Walk<'s>>,
    evidence: &mut Evidence,
    size: u64,
) -> Result<Option<Disclosures<S::Walk<'s>>>, Stop> {
    if files.peek() != Some(&Place::Disclosures) {
        return Ok(None);
    }
    let disclosures = Disclosures::open(source, size)?;
    // What it is worth is known when it was read; its place in the order is here.
    evidence.disclosures_at = evidence.files.len();
    files.pass_over()?;
    Ok(Some(disclosures))
}

fn walk<W: Walk>(
    tiles: &mut Tiles<W>,
    front: &Front,
    evidence: &mut Evidence,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) {
    let tenant = read_origin(&front.checkpoint.origin).map_or("", |(log, _)| log.tenant());
    let log = LogIdentity { tenant };
    let sizes = evidence.sizes.clone();
    let (mut batch, mut examined) = (tiles.batch(), Vec::<Examined>::new());
    while !batch.is_empty() || !examined.is_empty() {
        let examine = || {
            let units = std::mem::take(&mut batch).into_par_iter();
            units
                .map(|unit| unit.examine(&log, &sizes))
                .collect::<Vec<_>>()
        };
        let read = || {
            for unit in std::mem::take(&mut examined) {
                progress(unit.tile.places().end, tiles.size);
                evidence.add(unit);
            }
            tiles.batch()
        };
        (examined, batch) = rayon::join(examine, read);
    }
}

/// Reads tiles in their order.
struct Tiles<W: Walk> {
    files: Files<W>,
    disclosures: Option<Disclosures<W>>,
    size: u64,
    /// The index of the next tile of level 0.
    next: u64,
    /// Why reading stopped, if it did before the end.
    stop: Option<Stop>,
}

impl<W: Walk> Tiles<W> {
    /// The next tiles; none at the end, or when reading stopped.
    fn batch(&mut self) -> Vec<Unit> {
        let (mut units, mut len) = (Vec::new(), 0);
        while len < BATCH_LEN && self.stop.is_none() {
            let Some(tile) = Tile::at(0, self.next, self.size) else {
                break;
            };
            match self.unit(tile) {
                Ok(unit) => {
                    len += unit.len();
                    units.push(unit);
                    self.next += 1;
                }
                Err(stop) => self.stop = Some(stop),
            }
        }
        units
    }

    fn unit(&mut self, tile: Tile) -> Result<Unit, Stop> {
        let entries = match self.files.peek() == Place::of(&tile.entries_path()).as_ref() {
            true => Some(self.files.take().map_err(|error| at(tile, error.into()))?.1),
            false => None,
        };
        let hashes = self.tile(tile)?;
        let mut above = Vec::new();
        for level in 1..=tile::MAX_LEVEL {
            let Some(index) = completed(tile, level) else {
                break;
            };
            let tile = Tile {
                level,
                index,
                width: WIDTH,
            };
            above.push((tile, self.tile(tile)?));
        }
        let (lines, disclosed) = self.lines(tile)?;
        Ok(Unit {
            tile,
            entries,
            hashes,
            lines,
            disclosed,
            above,
        })
    }

    fn lines(&mut self, tile: Tile) -> Result<(Vec<u8>, std::ops::Range<u64>), Stop> {
        let Some(disclosures) = &mut self.disclosures else {
            return Ok((Vec::new(), 0..0));
        };
        let lines = disclosures
            .until(tile.places().end)
            .map_err(|error| at(tile, error.into()))?;
        Ok((lines, disclosures.seqs()))
    }

    /// The bytes of a tile of hashes, which has to be there.
    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, Stop> {
        if self.files.peek() != Place::of(&tile.path()).as_ref() {
            return Err(self.missing(tile));
        }
        let (path, bytes) = self.files.take().map_err(|error| at(tile, error.into()))?;
        if bytes.len() == tile.byte_len() {
            return Ok(bytes);
        }
        let finding = Finding::new(
            first_seq(tile),
            Damage::ContentAltered,
            format!("{path} has the wrong length"),
        );
        Err(Stop::Found(Box::new(finding), Some(path)))
    }

    fn missing(&self, tile: Tile) -> Stop {
        // A narrower tile in its place is a log that was cut.
        let seq = match self.files.peek() {
            Some(Place::Partial {
                level: None | Some(0),
                index,
                width,
            }) if tile.level == 0 && *index == tile.index && *width < tile.width => {
                first_seq(tile) + u64::from(*width)
            }
            _ => first_seq(tile),
        };
        let finding = Finding::new(
            seq,
            Damage::EntryMissing,
            format!("{} is missing", tile.path()),
        );
        Stop::Found(Box::new(finding), Some(tile.path()))
    }

    /// Reads what stands behind the tiles of level 0.
    fn finish(&mut self, evidence: &mut Evidence) -> Result<(), Stop> {
        for tile in tile::partial(self.size).filter(|tile| tile.level > 0) {
            let bytes = self.tile(tile)?;
            evidence.compare(tile, &bytes);
        }
        if self.files.peek().is_some_and(Place::is_tile) {
            let path = self.files.path().unwrap_or_default().to_owned();
            let reason = format!("{path} is not of the tree of the checkpoint");
            let finding = Finding::new(self.size, Damage::EntryInserted, reason);
            return Err(Stop::Found(Box::new(finding), Some(path)));
        }
        self.end_disclosures(evidence)?;
        evidence.is_walked = true;
        self.back(evidence)
    }

    fn end_disclosures(&mut self, evidence: &mut Evidence) -> Result<(), Stop> {
        let Some(disclosures) = &self.disclosures else {
            return Ok(());
        };
        if !disclosures.is_at_end() {
            let reason = "disclosures.ndjson goes on behind the last entry";
            let finding = Finding::new(self.size, Damage::DisclosureAltered, reason);
            return Err(Stop::Found(Box::new(finding), None));
        }
        evidence
            .files
            .insert(evidence.disclosures_at, disclosures.digest());
        evidence.disclosed = Some(disclosures.seqs());
        Ok(())
    }

    /// Reports, guide, manifest and seal.
    fn back(&mut self, evidence: &mut Evidence) -> Result<(), Stop> {
        while let Some(place) = self.files.peek().cloned() {
            let (path, bytes) = self.files.take()?;
            match place {
                Place::Manifest => evidence.manifest = Some(bytes),
                Place::Seal => evidence.seal = Some(bytes),
                _ => evidence.files.push(digest(path, &bytes)),
            }
        }
        Ok(())
    }
}

/// The index of the tile of this level that a tile of level 0 completes.
fn completed(tile: Tile, level: u8) -> Option<u64> {
    let tiles = 1_u64.checked_shl(8 * u32::from(level))?;
    let end = tile.index + 1;
    (tile.is_full() && end.is_multiple_of(tiles)).then(|| end / tiles - 1)
}

/// The first entry under a tile.
fn first_seq(tile: Tile) -> u64 {
    tile.places().start << (tile::HEIGHT * u32::from(tile.level))
}

/// A bundle that could not be read on while at this tile.
fn at(tile: Tile, stop: Stop) -> Stop {
    match stop {
        Stop::Malformed(reason) => Stop::Found(
            Box::new(Finding::new(first_seq(tile), Damage::EntryMissing, reason)),
            None,
        ),
        other => other,
    }
}
