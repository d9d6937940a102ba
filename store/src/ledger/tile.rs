//! Tiles: 256 hashes of one height, written once, when they are full.

use std::ops::Range;

use audit::{hash::Hash, merkle::subtree_root};
use entity::audit_tile;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::LogId;
use crate::{
    StoreError,
    conn::{Conn, insert},
};

/// Hashes in a full tile (C2SP tlog-tiles).
pub(crate) const WIDTH: u64 = 256;

/// Writes the tiles that `added` leaves complete in a tree of `size`.
pub(super) async fn write(
    conn: &Conn,
    log: LogId,
    size: u64,
    added: &[Hash],
) -> Result<(), StoreError> {
    let grown = size + added.len() as u64;
    let mut span = WIDTH;
    let mut level = 0;
    while grown / span > size / span {
        for index in size / span..grown / span {
            let hashes = if level == 0 {
                of_leaves(conn, log, size, added, index).await?
            } else {
                of_tiles(conn, log, level - 1, index).await?
            };
            put(conn, log, level, index, &hashes).await?;
        }
        level += 1;
        span = span.saturating_mul(WIDTH);
    }
    Ok(())
}

/// The leaves of a tile: the older ones are stored with their entries, the rest is at hand.
async fn of_leaves(
    conn: &Conn,
    log: LogId,
    size: u64,
    added: &[Hash],
    index: u64,
) -> Result<Vec<Hash>, StoreError> {
    let (first, end) = (index * WIDTH, (index + 1) * WIDTH);
    let mut hashes = if first < size {
        leaves(conn, log, first..size.min(end)).await?
    } else {
        Vec::new()
    };
    let skipped = usize::try_from(first.saturating_sub(size)).map_err(StoreError::internal)?;
    let missing = usize::try_from(WIDTH).unwrap_or(usize::MAX) - hashes.len();
    hashes.extend(added.iter().skip(skipped).take(missing));
    Ok(hashes)
}

/// The hashes of the 256 tiles below.
async fn of_tiles(
    conn: &Conn,
    log: LogId,
    below: i32,
    index: u64,
) -> Result<Vec<Hash>, StoreError> {
    let range = index * WIDTH..(index + 1) * WIDTH;
    let tiles = read(conn, log, below, range).await?;
    Ok(tiles.iter().map(|hashes| subtree_root(hashes)).collect())
}

async fn put(
    conn: &Conn,
    log: LogId,
    level: i32,
    index: u64,
    hashes: &[Hash],
) -> Result<(), StoreError> {
    if hashes.len() as u64 != WIDTH {
        return Err(StoreError::internal("a tile lacks hashes below it"));
    }
    let tile = audit_tile::Model {
        tenant_id: log.tenant,
        epoch: log.epoch,
        level,
        tile_index: number(index)?,
        hashes: hashes.iter().flat_map(|hash| hash.0).collect(),
    };
    insert(conn, tile).await?;
    Ok(())
}

/// The stored leaf hashes of the entries in `range`.
pub(crate) async fn leaves(
    conn: &Conn,
    log: LogId,
    range: Range<u64>,
) -> Result<Vec<Hash>, StoreError> {
    let statement = conn.sql(
        "SELECT leaf AS hash FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 \
         AND seq >= $3 AND seq < $4 ORDER BY seq",
        [
            log.tenant.into(),
            log.epoch.into(),
            number(range.start)?.into(),
            number(range.end)?.into(),
        ],
    );
    let rows = conn.query_all_raw(statement).await?;
    let hashes = rows.iter().map(|row| {
        let hash: Vec<u8> = row.try_get("", "hash")?;
        Hash::from_slice(&hash).ok_or_else(|| StoreError::internal("a leaf without 32 bytes"))
    });
    hashes.collect()
}

/// The hashes of the stored tiles of a level whose index is in `range`, in order; absent ones are left out.
pub(crate) async fn read(
    conn: &Conn,
    log: LogId,
    level: i32,
    range: Range<u64>,
) -> Result<Vec<Vec<Hash>>, StoreError> {
    let values: [Value; 5] = [
        log.tenant.into(),
        log.epoch.into(),
        level.into(),
        number(range.start)?.into(),
        number(range.end)?.into(),
    ];
    let statement = conn.sql(
        "SELECT hashes FROM audit_tile WHERE tenant_id = $1 AND epoch = $2 AND level = $3 \
         AND tile_index >= $4 AND tile_index < $5 ORDER BY tile_index",
        values,
    );
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(hashes).collect()
}

fn hashes(row: &QueryResult) -> Result<Vec<Hash>, StoreError> {
    let bytes: Vec<u8> = row.try_get("", "hashes")?;
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(StoreError::internal("a tile with a broken hash"));
    }
    Ok(hashes.iter().copied().map(Hash).collect())
}

fn number(n: u64) -> Result<i64, StoreError> {
    i64::try_from(n).map_err(StoreError::internal)
}
