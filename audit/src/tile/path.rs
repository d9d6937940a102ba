//! Where a tile or a bundle of entries is kept.

use super::{MAX_LEVEL, Tile, WIDTH};
use crate::encoding::decimal;

/// A file of a log, by its path below the log's directory. Every path has one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TilePath {
    /// `tile/<level>/<index>`, with `.p/<width>` when partial: hashes.
    Hashes(Tile),
    /// `tile/entries/<index>`, with `.p/<width>` when partial: the entries whose hashes the tile of level 0 with
    /// this index and width holds.
    Entries(Tile),
}

impl Tile {
    /// `tile/<level>/<index>`, with `.p/<width>` when partial; the index in groups of three digits, `x` before all
    /// but the last.
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, self.rest())
    }

    /// `tile/entries/<index>`, with `.p/<width>` when partial: where the entries of a tile of level 0 are kept.
    pub fn entries_path(self) -> String {
        format!("tile/entries/{}", self.rest())
    }

    fn rest(self) -> String {
        let mut path = format!("{:03}", self.index % 1000);
        let mut above = self.index / 1000;
        while above > 0 {
            path = format!("x{:03}/{path}", above % 1000);
            above /= 1000;
        }
        if self.is_full() {
            path
        } else {
            format!("{path}.p/{}", self.width)
        }
    }
}

impl TilePath {
    /// Reads a path. `None` for anything but the one spelling of a tile that a tree of 64-bit size can have.
    pub fn parse(path: &str) -> Option<TilePath> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, decimal(width)?),
            None => (rest, WIDTH.into()),
        };
        let level = match kind {
            "entries" => 0,
            level => u8::try_from(decimal(level)?).ok()?,
        };
        let tile = Tile {
            level,
            index: read_index(index)?,
            width: u16::try_from(width).ok()?,
        };
        let known = match kind {
            "entries" => TilePath::Entries(tile),
            _ => TilePath::Hashes(tile),
        };
        (exists(tile) && known.to_string() == path).then_some(known)
    }
}

impl std::fmt::Display for TilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TilePath::Hashes(tile) => f.write_str(&tile.path()),
            TilePath::Entries(tile) => f.write_str(&tile.entries_path()),
        }
    }
}

fn exists(tile: Tile) -> bool {
    tile.level <= MAX_LEVEL
        && (1..=WIDTH).contains(&tile.width)
        && Tile::at(tile.level, tile.index, u64::MAX).is_some_and(|most| tile.width <= most.width)
}

/// The number in groups of three digits; spelled otherwise it may be read too, and is refused by its comparison.
fn read_index(text: &str) -> Option<u64> {
    text.split('/').try_fold(0_u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let three = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let group: u64 = digits.parse().ok().filter(|_| three)?;
        index.checked_mul(1000)?.checked_add(group)
    })
}
