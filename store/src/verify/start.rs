//! Where a walk begins that need not read every entry: behind a checkpoint that an earlier run found intact.
//!
//! Nothing is taken on that run's word but the checkpoint, which the log itself has signed: the tree is
//! built again from the hashes that are stored, and must have the signed root; the last entry must be in it.

use std::collections::{BTreeMap, BTreeSet};

use audit::{
    chain::Head,
    entry::{EntryRef, Time},
    hash::{Hash, leaf},
    merkle::{Frontier, TreeHead, verify_consistency, verify_inclusion},
    tile::{
        Tile, consistency_proof, consistency_tiles, frontier_at, frontier_tiles, inclusion_proof,
        inclusion_tiles, partial, read_tile,
    },
};
use sea_orm::ConnectionTrait;

use super::{cells::Cells, checkpoint::Signed};
use crate::{
    StoreError,
    conn::Conn,
    ledger::{
        LogId,
        tile::{self, WIDTH},
    },
};

/// Where a walk begins.
pub(super) struct Start {
    pub(super) frontier: Frontier,
    /// The hashes of each level that fill no tile yet.
    pub(super) open: Vec<Vec<Hash>>,
    /// The end of what an earlier run has read.
    pub(super) head: Head,
}

impl Start {
    /// The start behind `tree`, which the log has signed; `None` when what is stored does not have its root.
    pub(super) async fn find(
        conn: &Conn,
        log: LogId,
        tree: TreeHead,
    ) -> Result<Option<Self>, StoreError> {
        let Some(last) = tree.size.checked_sub(1) else {
            return Ok(None);
        };
        let Some(raw) = entry(conn, log, last).await? else {
            return Ok(None);
        };
        let open: Vec<Tile> = partial(tree.size).collect();
        let Ok(way) = inclusion_tiles(last, tree.size) else {
            return Ok(None);
        };
        let mut wanted: BTreeSet<Tile> = open.iter().copied().chain(way).collect();
        wanted.extend(frontier_tiles(tree.size));
        let tiles = tile::fetch(conn, log, &wanted).await?;
        let is_last = inclusion_proof(last, tree.size, &tiles)
            .is_ok_and(|proof| verify_inclusion(leaf(&raw), last, tree, &proof).is_ok());
        let frontier = frontier_at(tree.size, &tiles).ok();
        let frontier = frontier.filter(|frontier| frontier.root() == tree.root);
        let (Some(frontier), Ok(entry), true) = (frontier, EntryRef::parse(&raw), is_last) else {
            return Ok(None);
        };
        Ok(Some(Self {
            frontier,
            open: levels(tree.size, &tiles),
            head: Head {
                size: tree.size,
                last_hash: leaf(&raw),
                last_ts: entry.ts,
            },
        }))
    }

    /// The checkpoint that it begins behind.
    pub(super) fn signed(&self) -> Signed {
        Signed {
            size: self.head.size,
            signed_at_micros: self.head.last_ts.as_micros(),
            root: self.frontier.root(),
        }
    }

    /// How many tiles the entries before it fill, of all levels.
    pub(super) fn full_tiles(&self) -> u64 {
        let hashes = |size: &u64| Some(size / WIDTH).filter(|hashes| *hashes > 0);
        std::iter::successors(Some(self.head.size), hashes)
            .skip(1)
            .sum()
    }
}

/// The hashes of each level that fill no tile yet; a level whose tiles are all full has none.
fn levels(size: u64, tiles: &BTreeMap<Tile, Vec<u8>>) -> Vec<Vec<Hash>> {
    let hashes = |level: u8| {
        let tile = partial(size).find(|tile| tile.level == level)?;
        read_tile(tiles.get(&tile)?)
    };
    let full = std::iter::successors(Some(size), |size| {
        Some(size / WIDTH).filter(|hashes| *hashes > 0)
    });
    (0..)
        .zip(full)
        .map(|(level, _)| hashes(level).unwrap_or_default())
        .collect()
}

/// Whether the tree of `newer` begins with that of `older`, by the hashes that are stored.
pub(super) async fn is_prefix(
    conn: &Conn,
    log: LogId,
    older: TreeHead,
    newer: TreeHead,
) -> Result<bool, StoreError> {
    let Ok(wanted) = consistency_tiles(older.size, newer.size) else {
        return Ok(false);
    };
    let tiles = tile::fetch(conn, log, &wanted.into_iter().collect()).await?;
    Ok(consistency_proof(older.size, newer.size, &tiles)
        .is_ok_and(|proof| verify_consistency(older, newer, &proof).is_ok()))
}

/// The `ts` of an entry, in microseconds since 1970; that of 1970 for bytes that are no entry.
pub(super) async fn sequenced_at(conn: &Conn, log: LogId, seq: u64) -> Result<i64, StoreError> {
    let raw = entry(conn, log, seq).await?.unwrap_or_default();
    let ts = EntryRef::parse(&raw).map_or(Time::EPOCH, |entry| entry.ts);
    Ok(ts.as_micros())
}

async fn entry(conn: &Conn, log: LogId, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let seq = i64::try_from(seq).map_err(StoreError::internal)?;
    let statement = conn.sql(
        "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = $3",
        [log.tenant.into(), log.epoch.into(), seq.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    Ok(row.map(|row| Cells::new(conn, &row).bytes(0)).transpose()?)
}
