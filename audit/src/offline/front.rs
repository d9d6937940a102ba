//! What stands before the tiles: the checkpoint, the keys, the anchors.

use super::evidence::Stop;
use super::read::{Files, digest};
use crate::bundle::{CHECKPOINT, FileDigest, MAX_ANCHORS, Place, ReadError, Walk};
use crate::checkpoint::Checkpoint;
use crate::merkle::MAX_SIZE;
use crate::note::Note;

/// A checkpoint as it was found, believed by nobody yet.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: String,
    pub(super) note: Note,
    pub(super) checkpoint: Checkpoint,
}

/// The beginning of a bundle.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) note: Note,
    pub(super) checkpoint: Checkpoint,
    pub(super) anchors: Vec<Found>,
    /// Anchors that are no checkpoints, and why.
    pub(super) malformed: Vec<(String, String)>,
}

pub(super) fn read<W: Walk>(
    files: &mut Files<W>,
    seen: &mut Vec<FileDigest>,
) -> Result<Front, Stop> {
    match files.peek() {
        None => return Err(ReadError::Foreign("it has no files".to_owned()).into()),
        Some(Place::Checkpoint) => {}
        Some(_) => return Err(Stop::File(CHECKPOINT.to_owned(), "is missing".to_owned())),
    }
    let (path, bytes) = files.take()?;
    seen.push(digest(path, &bytes));
    let (note, checkpoint) =
        checkpoint(&bytes).map_err(|reason| Stop::File(CHECKPOINT.to_owned(), reason))?;
    let mut front = Front {
        note,
        checkpoint,
        anchors: Vec::new(),
        malformed: Vec::new(),
    };
    files.expect_size(front.checkpoint.tree.size);
    while let Some(place) = files.peek().filter(|place| **place < Place::Disclosures) {
        let is_anchor = matches!(place, Place::Anchor(_));
        let (path, bytes) = files.take()?;
        seen.push(digest(path.clone(), &bytes));
        if is_anchor {
            front.add_anchor(path, &bytes);
        }
        if front.anchors.len() + front.malformed.len() > MAX_ANCHORS {
            return Err(Stop::Malformed(
                "the bundle has too many anchors".to_owned(),
            ));
        }
    }
    Ok(front)
}

impl Front {
    fn add_anchor(&mut self, path: String, bytes: &[u8]) {
        match checkpoint(bytes) {
            Ok((note, checkpoint)) => self.anchors.push(Found {
                path,
                note,
                checkpoint,
            }),
            Err(reason) => self.malformed.push((path, reason)),
        }
    }
}

fn checkpoint(bytes: &[u8]) -> Result<(Note, Checkpoint), String> {
    let note = Note::parse(bytes).map_err(|error| format!("is no signed note: {error}"))?;
    let checkpoint =
        Checkpoint::parse(note.text()).map_err(|error| format!("is no checkpoint: {error}"))?;
    if checkpoint.tree.size > MAX_SIZE {
        return Err("counts more entries than a log can have".to_owned());
    }
    Ok((note, checkpoint))
}
