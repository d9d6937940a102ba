//! Tiles as they are stored, full and partial, for proofs. Nothing is believed: a proof is held against a signed
//! root, and what is malformed or gone is left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use audit::tile::{Tile, tile_root};
use sea_orm::{ConnectionTrait, Value};

use super::super::{LogId, number};
use crate::{StoreError, conn::Conn};

/// Full tiles that one statement asks for.
const AT_ONCE: usize = 100;

/// The content of these tiles. A full one is read as it is stored, in one statement for a hundred; a partial one is
/// made of what is below it, in one statement each.
pub(crate) async fn fetch(
    conn: &Conn,
    log: LogId,
    wanted: &BTreeSet<Tile>,
) -> Result<BTreeMap<Tile, Vec<u8>>, StoreError> {
    let (full, partial): (Vec<Tile>, Vec<Tile>) = wanted.iter().partition(|tile| tile.is_full());
    let mut tiles = BTreeMap::new();
    for some in full.chunks(AT_ONCE) {
        stored(conn, log, some, &mut tiles).await?;
    }
    for tile in partial {
        let content = match tile.level.checked_sub(1) {
            None => leaves(conn, log, tile.places()).await?,
            Some(below) => roots(conn, log, below, tile.places()).await?,
        };
        tiles.insert(tile, content);
    }
    Ok(tiles)
}

async fn stored(
    conn: &Conn,
    log: LogId,
    wanted: &[Tile],
    tiles: &mut BTreeMap<Tile, Vec<u8>>,
) -> Result<(), StoreError> {
    let mut values: Vec<Value> = vec![log.tenant.into(), log.epoch.into()];
    let mut places = Vec::with_capacity(wanted.len());
    for tile in wanted {
        values.extend([i32::from(tile.level).into(), number(tile.index)?.into()]);
        let (level, index) = (values.len() - 1, values.len());
        places.push(format!("(level = ${level} AND tile_index = ${index})"));
    }
    let sql = format!(
        "SELECT CAST(level AS bigint) AS level, tile_index, hashes FROM audit_tile \
         WHERE tenant_id = $1 AND epoch = $2 AND ({})",
        places.join(" OR ")
    );
    for row in conn.query_all_raw(conn.sql(&sql, values)).await? {
        let (level, index): (i64, i64) =
            (row.try_get("", "level")?, row.try_get("", "tile_index")?);
        let is_it =
            |tile: &&Tile| i64::from(tile.level) == level && i64::try_from(tile.index) == Ok(index);
        if let Some(tile) = wanted.iter().find(is_it) {
            tiles.insert(*tile, row.try_get("", "hashes")?);
        }
    }
    Ok(())
}

/// The leaf hashes of entries, up to the first that is not there.
async fn leaves(conn: &Conn, log: LogId, seqs: Range<u64>) -> Result<Vec<u8>, StoreError> {
    let sql = "SELECT seq AS place, leaf AS hash FROM audit_entry \
               WHERE tenant_id = $1 AND epoch = $2 AND seq >= $3 AND seq < $4 ORDER BY seq";
    let values = [
        log.tenant.into(),
        log.epoch.into(),
        number(seqs.start)?.into(),
        number(seqs.end)?.into(),
    ];
    let found = run(conn, sql, values, seqs.start).await?;
    let whole = found.into_iter().take_while(|leaf| leaf.len() == 32);
    Ok(whole.flatten().collect())
}

/// The roots of full tiles, up to the first that is not there.
async fn roots(
    conn: &Conn,
    log: LogId,
    level: u8,
    places: Range<u64>,
) -> Result<Vec<u8>, StoreError> {
    let sql = "SELECT tile_index AS place, hashes AS hash FROM audit_tile WHERE tenant_id = $1 \
               AND epoch = $2 AND level = $3 AND tile_index >= $4 AND tile_index < $5 \
               ORDER BY tile_index";
    let values = [
        log.tenant.into(),
        log.epoch.into(),
        i32::from(level).into(),
        number(places.start)?.into(),
        number(places.end)?.into(),
    ];
    let found = run(conn, sql, values, places.start).await?;
    let roots = found.iter().map_while(|hashes| tile_root(hashes));
    Ok(roots.flat_map(|root| root.0).collect())
}

/// What is stored at `first` and the places behind it, without a gap.
async fn run<const N: usize>(
    conn: &Conn,
    sql: &str,
    values: [Value; N],
    first: u64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut found = Vec::new();
    let rows = conn.query_all_raw(conn.sql(sql, values)).await?;
    for (row, expected) in rows.iter().zip(first..) {
        let place: i64 = row.try_get("", "place")?;
        if u64::try_from(place) != Ok(expected) {
            break;
        }
        found.push(row.try_get("", "hash")?);
    }
    Ok(found)
}
