//! Single things out of a bundle, without verifying the whole of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read};

use super::{CHECKPOINT, DISCLOSURES, Place, ReadError, Source, Walk, line, read_line};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{Hash, leaf};
use crate::merkle::{TreeHead, verify_inclusion};
use crate::note::{Note, NoteError};
use crate::proof::TlogProof;
use crate::tile::{
    Tile, TileError, WIDTH, consistency_tiles, entries, inclusion_proof, inclusion_tiles,
};

/// One entry and what a bundle says about it. Nobody's signature was checked.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// The entry's bytes; `None` when they are not in the bundle.
    pub raw: Option<Vec<u8>>,
    /// The disclosure texts that the bundle has of it.
    pub disclosures: Vec<String>,
    /// That the entry is in the tree of the bundle's checkpoint; made of the bundle's own tiles.
    pub proof: TlogProof,
    /// The hash of the bytes, or the hash on record in their absence.
    pub leaf: Hash,
    /// Whether the proof leads from the hash to the root of the checkpoint.
    pub is_included: bool,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum ExhibitError {
    /// The bundle cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The checkpoint is no note.
    #[error("the checkpoint is malformed: {0}")]
    Note(#[from] NoteError),
    /// The checkpoint is a note of something else.
    #[error("the checkpoint is malformed: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// No such entry, or a tile is missing.
    #[error(transparent)]
    Tile(#[from] TileError),
}

/// Reads the checkpoint of a bundle.
pub fn checkpoint<S: Source>(source: &S) -> Result<(Note, Checkpoint), ExhibitError> {
    let mut files = fetch(source, &BTreeSet::from([CHECKPOINT.to_owned()]), 0)?;
    let bytes = files.remove(CHECKPOINT).unwrap_or_default();
    let note = Note::parse(&bytes)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    Ok((note, checkpoint))
}

/// Looks one entry up, in two passes.
pub fn exhibit<S: Source>(source: &S, seq: u64) -> Result<Exhibit, ExhibitError> {
    let (note, checkpoint) = checkpoint(source)?;
    let tree = checkpoint.tree;
    let mut tiles = inclusion_tiles(seq, tree.size)?;
    let own = Tile::at(0, seq / u64::from(WIDTH), tree.size);
    tiles.extend(own);
    let paths = tiles.iter().map(|tile| tile.path());
    let paths = paths.chain(own.map(Tile::entries_path)).collect();
    let files = fetch(source, &paths, tree.size)?;
    let raw = own.and_then(|own| entry(files.get(&own.entries_path())?, seq));
    let content = |tile: &Tile| Some((*tile, files.get(&tile.path())?.clone()));
    let tiles: BTreeMap<Tile, Vec<u8>> = tiles.iter().filter_map(content).collect();
    let hashes = inclusion_proof(seq, tree.size, &tiles)?;
    let recorded = own.and_then(|own| recorded(tiles.get(&own)?, seq));
    let leaf = raw.as_deref().map(leaf).or(recorded).unwrap_or(Hash::ZERO);
    Ok(Exhibit {
        raw,
        disclosures: disclosures(source, seq, tree.size)?,
        leaf,
        is_included: verify_inclusion(leaf, seq, tree, &hashes).is_ok(),
        proof: TlogProof {
            extra: Vec::new(),
            index: seq,
            hashes,
            checkpoint: note,
        },
    })
}

/// The proof, from the bundle's tiles, that the tree of its first `new` entries begins with that of its first `old`;
/// whether the trees are those of two checkpoints [`crate::merkle::verify_consistency`] tells.
pub fn consistency<S: Source>(source: &S, old: u64, new: u64) -> Result<Vec<Hash>, ExhibitError> {
    let (_, checkpoint) = checkpoint(source)?;
    let TreeHead { size, .. } = checkpoint.tree;
    let needed = consistency_tiles(old, new)?;
    // A bundle has the tiles of its own size, which are wider.
    let kept = |tile: &Tile| Some((*tile, Tile::at(tile.level, tile.index, size)?.path()));
    let kept: Vec<(Tile, String)> = needed.iter().filter_map(kept).collect();
    let paths = kept.iter().map(|(_, path)| path.clone()).collect();
    let files = fetch(source, &paths, size)?;
    let tiles: BTreeMap<Tile, Vec<u8>> = kept
        .into_iter()
        .filter_map(|(tile, path)| Some((tile, files.get(&path)?.clone())))
        .collect();
    Ok(crate::tile::consistency_proof(old, new, &tiles)?)
}

/// Reads the files of these paths, each no longer than its place allows in a log of `size` entries.
fn fetch<S: Source>(
    source: &S,
    paths: &BTreeSet<String>,
    size: u64,
) -> Result<BTreeMap<String, Vec<u8>>, ReadError> {
    let mut walk = source.walk()?;
    let mut files = BTreeMap::new();
    while files.len() < paths.len()
        && let Some(head) = walk.next()?
    {
        if !paths.contains(&head.path) {
            continue;
        }
        let most = Place::of(&head.path).and_then(|place| place.max_len(size));
        let most = most.unwrap_or(0);
        let mut bytes = Vec::new();
        Unread(&mut walk)
            .take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(restore)?;
        if bytes.len() as u64 > most {
            return Err(ReadError::Malformed(format!(
                "{} is longer than it can be",
                head.path
            )));
        }
        files.insert(head.path, bytes);
    }
    Ok(files)
}

fn entry(bundle: &[u8], seq: u64) -> Option<Vec<u8>> {
    let at = usize::try_from(seq % u64::from(WIDTH)).ok()?;
    Some(entries(bundle).nth(at)?.ok()?.to_vec())
}

fn recorded(tile: &[u8], seq: u64) -> Option<Hash> {
    let at = usize::try_from(seq % u64::from(WIDTH)).ok()?;
    tile.as_chunks::<32>().0.get(at).copied().map(Hash)
}

fn disclosures<S: Source>(source: &S, seq: u64, size: u64) -> Result<Vec<String>, ReadError> {
    let mut walk = source.walk()?;
    loop {
        match walk.next()? {
            None => return Ok(Vec::new()),
            Some(head) if head.path == DISCLOSURES => break,
            Some(head) if Place::of(&head.path) > Some(Place::Disclosures) => return Ok(Vec::new()),
            Some(_) => {}
        }
    }
    let mut lines = BufReader::new(Unread(&mut walk));
    // An entry has one line: there is nothing to look for behind as many lines as entries.
    for _ in 0..size {
        let mut bytes = Vec::new();
        let mut next = (&mut lines).take(line::MAX_LINE);
        if next.read_until(b'\n', &mut bytes).map_err(restore)? == 0 {
            break;
        }
        let line = bytes.strip_suffix(b"\n").and_then(read_line);
        if let Some(line) = line.filter(|line| line.seq == seq) {
            return Ok(line.texts().map(str::to_owned).collect());
        }
    }
    Ok(Vec::new())
}

/// The present file of a walk as a reader; [`restore`] undoes what that does to errors.
pub(crate) struct Unread<W>(pub(crate) W);

impl<W: Walk> Read for Unread<W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error {
            ReadError::Io(error) => error,
            malformed => io::Error::other(malformed),
        })
    }
}

/// The error as the walk had it.
pub(crate) fn restore(error: io::Error) -> ReadError {
    error.downcast::<ReadError>().unwrap_or_else(ReadError::Io)
}
