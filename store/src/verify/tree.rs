//! The tree along the walk: what is stored of it against what the entries give.

use audit::{
    chain::{ChunkReport, Damage, Finding},
    entry::Time,
    hash::Hash,
    merkle::{Frontier, subtree_root},
};
use sea_orm::ConnectionTrait;

use super::{
    cells::Cells,
    checkpoint::{self, Checkpoints},
    kept::Witnesses,
    page::finding,
    start::Start,
};
use crate::{
    StoreError,
    conn::Conn,
    ledger::{
        LogId, saturated,
        tile::{WIDTH, span},
    },
};

/// The tree of the entries that were read so far.
pub(super) struct TreeWalk {
    log: LogId,
    frontier: Frontier,
    /// The hashes of each level that fill no tile yet.
    open: Vec<Vec<Hash>>,
    tiles: u64,
    checkpoints: Checkpoints,
    witnesses: Witnesses,
    vague: Vec<Vague>,
}

/// A finding about many entries at once: what else is damaged among them or before them explains it.
pub(super) struct Vague {
    pub(super) upto: u64,
    pub(super) finding: Finding,
}

/// A tile that the entries give.
struct Tile {
    level: u8,
    index: u64,
    hashes: Vec<Hash>,
}

impl TreeWalk {
    pub(super) fn new(log: LogId, checkpoints: Checkpoints, witnesses: Witnesses) -> Self {
        Self {
            log,
            frontier: Frontier::empty(),
            open: Vec::new(),
            tiles: 0,
            checkpoints,
            witnesses,
            vague: Vec::new(),
        }
    }

    /// Begins behind entries that are in the tree already.
    pub(super) fn begin_behind(&mut self, start: Start) {
        self.tiles = start.full_tiles();
        let signed = start.signed();
        self.checkpoints.begin_behind(signed);
        let size = signed.size;
        self.witnesses
            .compare(size, signed.root, signed.signed_at_micros, size);
        self.open = start.open;
        self.frontier = start.frontier;
    }

    /// Grows the tree by a page of entries and compares what is stored of that part.
    pub(super) async fn grow(&mut self, conn: &Conn, page: &ChunkReport) -> Result<(), StoreError> {
        let leaves = page.leaves().map(|(leaf, ts)| (leaf, Some(ts)));
        self.grow_by(conn, leaves.collect()).await
    }

    /// As [`Self::grow`], by hashes; of an entry that is gone there is no time.
    pub(super) async fn grow_by(
        &mut self,
        conn: &Conn,
        leaves: Vec<(Hash, Option<Time>)>,
    ) -> Result<(), StoreError> {
        let before = self.frontier.size();
        let grown = before + leaves.len() as u64;
        let stored = checkpoint::read(conn, self.log, before..grown).await?;
        let mut stored = self.checkpoints.check(stored).await?.into_iter().peekable();
        let mut full = Vec::new();
        for (leaf, ts) in leaves {
            self.frontier.push(leaf);
            self.fill(0, leaf, &mut full);
            let size = self.frontier.size();
            let micros = ts.map(Time::as_micros);
            while let Some(signed) = stored.next_if(|signed| signed.size == size) {
                let root = self.frontier.root();
                self.checkpoints.compare(&signed, root, micros);
            }
            if self.witnesses.next_size() == Some(size) {
                let (root, vouched) = (self.frontier.root(), self.checkpoints.signed());
                self.witnesses
                    .compare(size, root, micros.unwrap_or(0), vouched.min(size));
            }
        }
        self.compare_tiles(conn, before, full).await
    }

    fn fill(&mut self, level: u8, hash: Hash, full: &mut Vec<Tile>) {
        if self.open.len() == usize::from(level) {
            self.open.push(Vec::new());
        }
        let Some(open) = self.open.get_mut(usize::from(level)) else {
            return;
        };
        open.push(hash);
        if open.len() as u64 == WIDTH {
            let hashes = std::mem::take(open);
            let root = subtree_root(&hashes);
            let index = self.frontier.size().div_ceil(span(level)) - 1;
            full.push(Tile {
                level,
                index,
                hashes,
            });
            self.fill(level + 1, root, full);
        }
    }

    async fn compare_tiles(
        &mut self,
        conn: &Conn,
        before: u64,
        full: Vec<Tile>,
    ) -> Result<(), StoreError> {
        if full.is_empty() {
            return Ok(());
        }
        let mut stored = lowest(conn, self.log, before, self.frontier.size()).await?;
        for tile in full {
            self.tiles += 1;
            let found = if tile.level == 0 {
                stored
                    .iter()
                    .position(|(index, _)| *index == tile.index)
                    .map(|at| stored.swap_remove(at).1)
            } else {
                one(conn, self.log, &tile).await?
            };
            self.vague.extend(tile.damage(found.as_deref()));
        }
        Ok(())
    }

    /// What is wrong with the stored tree of a log that has been read to its end.
    pub(super) async fn finish(mut self, conn: &Conn) -> Result<Checked, StoreError> {
        let size = self.frontier.size();
        if count(conn, self.log).await? > self.tiles {
            let reason = "a tile is stored that is not one of the tree";
            self.vague.push(Vague {
                upto: size,
                finding: finding(0, Damage::ProjectionAltered, reason),
            });
        }
        let behind = checkpoint::read_outside(conn, self.log, size).await?;
        let behind = self.checkpoints.check(behind).await?;
        let mut findings = self.checkpoints.finish(&behind, size);
        findings.extend(self.witnesses.rolled_back(size));
        self.vague.extend(self.checkpoints.forked());
        self.vague.extend(self.witnesses.forked());
        Ok(Checked {
            witnesses: self.witnesses,
            frontier: self.frontier,
            findings,
            vague: self.vague,
            checkpoints: self.checkpoints,
        })
    }
}

/// A tree that has been compared with what is stored of it.
pub(super) struct Checked {
    frontier: Frontier,
    pub(super) findings: Vec<Finding>,
    pub(super) vague: Vec<Vague>,
    pub(super) checkpoints: Checkpoints,
    pub(super) witnesses: Witnesses,
}

impl Checked {
    /// Holds the frontier stored in the head against the entries.
    pub(super) fn compare_frontier(&mut self, stored: &[u8]) {
        if stored == self.frontier.to_bytes() {
            return;
        }
        let size = self.frontier.size();
        let reason = "the frontier in the head is not that of the entries";
        self.vague.push(Vague {
            upto: size,
            finding: finding(
                saturated(size.saturating_sub(1)),
                Damage::ProjectionAltered,
                reason,
            ),
        });
    }
}

impl Tile {
    fn damage(&self, stored: Option<&[u8]>) -> Option<Vague> {
        let bytes: Vec<u8> = self.hashes.iter().flat_map(|hash| hash.0).collect();
        let reason = match stored {
            Some(stored) if stored == bytes => return None,
            Some(_) => "differs from the entries below it",
            None => "is gone",
        };
        let (level, index) = (self.level, self.index);
        let first = index * span(level);
        let reason = format!("tile {index} of level {level} {reason}");
        Some(Vague {
            upto: first + span(level),
            finding: finding(saturated(first), Damage::ProjectionAltered, reason),
        })
    }
}

/// The tiles of level 0 that became full between two sizes.
async fn lowest(
    conn: &Conn,
    log: LogId,
    before: u64,
    after: u64,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let statement = conn.sql(
        "SELECT tile_index, hashes FROM audit_tile WHERE tenant_id = $1 AND epoch = $2 \
         AND level = 0 AND tile_index >= $3 AND tile_index < $4",
        [
            log.tenant.into(),
            log.epoch.into(),
            saturated(before / WIDTH).into(),
            saturated(after / WIDTH).into(),
        ],
    );
    let rows = conn.query_all_raw(statement).await?;
    let tiles = rows.iter().map(|row| {
        let cells = Cells::new(conn, row);
        Ok((cells.int(0)?.unsigned_abs(), cells.bytes(1)?))
    });
    tiles.collect()
}

async fn one(conn: &Conn, log: LogId, tile: &Tile) -> Result<Option<Vec<u8>>, StoreError> {
    let statement = conn.sql(
        "SELECT hashes FROM audit_tile WHERE tenant_id = $1 AND epoch = $2 \
         AND level = $3 AND tile_index = $4",
        [
            log.tenant.into(),
            log.epoch.into(),
            i32::from(tile.level).into(),
            saturated(tile.index).into(),
        ],
    );
    let row = conn.query_one_raw(statement).await?;
    Ok(row.map(|row| Cells::new(conn, &row).bytes(0)).transpose()?)
}

async fn count(conn: &Conn, log: LogId) -> Result<u64, StoreError> {
    let statement = conn.sql(
        "SELECT COUNT(*) FROM audit_tile WHERE tenant_id = $1 AND epoch = $2",
        [log.tenant.into(), log.epoch.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
    Ok(Cells::new(conn, &row).int(0)?.unsigned_abs())
}
