//! Tiles: 256 hashes of one height, written once, when they are full.

mod fetch;

use std::ops::Range;

use audit::{
    hash::Hash,
    tile::{HEIGHT, Tile, completed, tile_root},
};
use entity::audit_tile;
use sea_orm::{ConnectionTrait, Value};

pub(crate) use fetch::fetch;

use super::{LogId, number};
use crate::{
    StoreError,
    conn::{Conn, insert},
};

/// Hashes in a full tile.
pub(crate) const WIDTH: u64 = audit::tile::WIDTH as u64;

/// How many entries a full tile of that level covers.
pub(crate) fn span(level: u8) -> u64 {
    WIDTH << (HEIGHT * u32::from(level))
}

/// Writes the tiles that `added` leaves complete in a tree of `size`.
pub(super) async fn write(
    conn: &Conn,
    log: LogId,
    size: u64,
    added: &[Hash],
) -> Result<(), StoreError> {
    for tile in completed(size, size + added.len() as u64) {
        let hashes = match tile.level.checked_sub(1) {
            None => of_leaves(conn, log, size, added, tile).await?,
            Some(below) => of_tiles(conn, log, below, tile).await?,
        };
        put(conn, log, tile, &hashes).await?;
    }
    Ok(())
}

/// The leaves of a tile: the older ones are stored with their entries, the rest is at hand.
async fn of_leaves(
    conn: &Conn,
    log: LogId,
    size: u64,
    added: &[Hash],
    tile: Tile,
) -> Result<Vec<Hash>, StoreError> {
    let Range { start: first, end } = tile.places();
    let mut hashes = if first < size {
        leaves(conn, log, first..size.min(end)).await?
    } else {
        Vec::new()
    };
    let skipped = usize::try_from(first.saturating_sub(size)).map_err(StoreError::internal)?;
    let missing = usize::from(tile.width) - hashes.len();
    hashes.extend(added.iter().skip(skipped).take(missing));
    Ok(hashes)
}

/// The hashes of the tiles below; absent ones are left out.
async fn of_tiles(conn: &Conn, log: LogId, below: u8, tile: Tile) -> Result<Vec<Hash>, StoreError> {
    let places = tile.places();
    let values: [Value; 5] = [
        log.tenant.into(),
        log.epoch.into(),
        i32::from(below).into(),
        number(places.start)?.into(),
        number(places.end)?.into(),
    ];
    let statement = conn.sql(
        "SELECT hashes FROM audit_tile WHERE tenant_id = $1 AND epoch = $2 AND level = $3 \
         AND tile_index >= $4 AND tile_index < $5 ORDER BY tile_index",
        values,
    );
    let rows = conn.query_all_raw(statement).await?;
    let roots = rows.iter().map(|row| {
        let bytes: Vec<u8> = row.try_get("", "hashes")?;
        tile_root(&bytes).ok_or_else(|| StoreError::internal("a tile without 256 hashes"))
    });
    roots.collect()
}

async fn put(conn: &Conn, log: LogId, tile: Tile, hashes: &[Hash]) -> Result<(), StoreError> {
    if hashes.len() != usize::from(tile.width) {
        return Err(StoreError::internal("a tile lacks hashes below it"));
    }
    let row = audit_tile::Model {
        tenant_id: log.tenant,
        epoch: log.epoch,
        level: tile.level.into(),
        tile_index: number(tile.index)?,
        hashes: hashes.iter().flat_map(|hash| hash.0).collect(),
    };
    insert(conn, row).await?;
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
