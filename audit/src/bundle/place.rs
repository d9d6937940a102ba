//! What files a bundle has, and in which order.

use super::{CHECKPOINT, DISCLOSURES, GUIDE, MANIFEST, REPORT, REPORT_PAGE, SCRIPT, SEAL, VKEY};
use crate::merkle::MAX_SIZE;
use crate::tile::{HEIGHT, Tile, TilePath};
use crate::value::MAX_BYTE_LEN;

/// The largest number of anchors in a bundle.
pub const MAX_ANCHORS: usize = 2048;

/// The longest anchor, in bytes: as a note with sixty signatures.
pub const MAX_ANCHOR_LEN: u64 = 1 << 13;

/// The place of a file; places are ordered as their files are in an archive, and no two files share one.
///
/// A tile comes where the last entry below it is known, so that one pass verifies a bundle: the entries of a tile,
/// their hashes, then each higher tile they complete.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `checkpoint`
    Checkpoint,
    /// `log.vkey`
    Vkey,
    /// `anchors/<name>.note`; the name is `[a-z0-9-]{1,64}`.
    Anchor(String),
    /// `disclosures.ndjson`
    Disclosures,
    /// A full tile.
    Full {
        /// The number of entries up to its end.
        end: u64,
        /// `None` for the entries themselves.
        level: Option<u8>,
    },
    /// The last tile of its level, if that is not full.
    Partial {
        /// `None` for the entries themselves.
        level: Option<u8>,
        /// Its place in the level.
        index: u64,
        /// Its hashes or entries.
        width: u16,
    },
    /// `report.html`
    ReportPage,
    /// `report.json`
    Report,
    /// `VERIFY.md`
    Guide,
    /// `verify.py`
    Script,
    /// `manifest.json`
    Manifest,
    /// `manifest.note`
    Seal,
}

impl Place {
    /// The place of the file with this path; `None` for what no bundle has.
    pub fn of(path: &str) -> Option<Place> {
        match path {
            CHECKPOINT => Some(Place::Checkpoint),
            VKEY => Some(Place::Vkey),
            DISCLOSURES => Some(Place::Disclosures),
            REPORT_PAGE => Some(Place::ReportPage),
            REPORT => Some(Place::Report),
            GUIDE => Some(Place::Guide),
            SCRIPT => Some(Place::Script),
            MANIFEST => Some(Place::Manifest),
            SEAL => Some(Place::Seal),
            _ => anchor(path).or_else(|| tile(TilePath::parse(path)?)),
        }
    }

    /// Whether it is a tile of entries or hashes.
    pub fn is_tile(&self) -> bool {
        matches!(self, Place::Full { .. } | Place::Partial { .. })
    }

    /// The longest file a reader takes at this place, in bytes, in a log of `size` entries; `None` for the
    /// manifest, whose length follows from the number of files.
    pub fn max_len(&self, size: u64) -> Option<u64> {
        match self {
            Place::Checkpoint | Place::Vkey | Place::Seal => Some(1 << 16),
            Place::Anchor(_) => Some(MAX_ANCHOR_LEN),
            Place::Disclosures => Some(size.saturating_mul(super::line::MAX_LINE)),
            Place::Full { level: None, .. } | Place::Partial { level: None, .. } => {
                Some(256 * (2 + MAX_BYTE_LEN as u64))
            }
            Place::Full { .. } | Place::Partial { .. } => Some(256 * 32),
            Place::ReportPage | Place::Report | Place::Guide | Place::Script => Some(1 << 20),
            Place::Manifest => None,
        }
    }
}

fn anchor(path: &str) -> Option<Place> {
    let name = path.strip_prefix("anchors/")?.strip_suffix(".note")?;
    let known = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let fits = (1..=64).contains(&name.len()) && name.bytes().all(known);
    fits.then(|| Place::Anchor(name.to_owned()))
}

fn tile(path: TilePath) -> Option<Place> {
    let (tile, level) = match path {
        TilePath::Hashes(tile) => (tile, Some(tile.level)),
        TilePath::Entries(tile) => (tile, None),
    };
    let end = end(tile)?;
    Some(if tile.is_full() {
        Place::Full { end, level }
    } else {
        Place::Partial {
            level,
            index: tile.index,
            width: tile.width,
        }
    })
}

/// The number of entries up to the end of a tile; `None` beyond the largest log.
fn end(tile: Tile) -> Option<u64> {
    let entries = 1_u64.checked_shl(HEIGHT * u32::from(tile.level))?;
    let end = tile.places().end.checked_mul(entries)?;
    (end <= MAX_SIZE).then_some(end)
}
