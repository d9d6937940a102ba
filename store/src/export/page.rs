//! Pages of a log, in order: entries with their bytes where they are wanted, hashes alone where not.

use std::{collections::BTreeSet, ops::Range};

use audit::hash::Hash;
use sea_orm::{ConnectionTrait, Value};

use super::{ExportError, plan::Plan};
use crate::{
    StoreError,
    ledger::{
        number,
        tile::{WIDTH, leaves},
    },
};

/// Tiles of entries in a page: 512 entries, which bounds it at 16 MiB and as much of disclosures.
const WITH_ENTRIES: u64 = 2;
/// Tiles of hashes in a page.
const HASHES_ONLY: u64 = 64;

/// One entry as it is stored.
pub(super) struct Stored {
    pub(super) leaf: Hash,
    /// `None` where only the hash is wanted.
    pub(super) raw: Option<Vec<u8>>,
    /// Texts by field, in the order of the fields' bytes.
    pub(super) disclosures: Vec<(String, String)>,
}

/// Reads on from entry `at`, up to where the mode changes or the page is full.
pub(super) async fn read(
    plan: &Plan,
    extra: &BTreeSet<u64>,
    at: u64,
) -> Result<Vec<Stored>, ExportError> {
    let wanted =
        |tile: u64| (plan.first..plan.end).contains(&(tile * WIDTH)) || extra.contains(&tile);
    let first = at / WIDTH;
    let with_entries = wanted(first);
    let most = if with_entries {
        WITH_ENTRIES
    } else {
        HASHES_ONLY
    };
    let same = (first..first + most).take_while(|tile| wanted(*tile) == with_entries);
    let end = (first + same.count() as u64) * WIDTH;
    let range = at..end.min(plan.tree.size);
    if with_entries {
        entries(plan, range).await
    } else {
        hashes(plan, range).await
    }
}

/// The entries of a range with their bytes and, if something of it is exported, their disclosures; outside of
/// what is exported the writer passes them over.
pub(super) async fn entries(plan: &Plan, range: Range<u64>) -> Result<Vec<Stored>, ExportError> {
    let conn = plan.conn();
    let statement = conn.sql(
        "SELECT seq, leaf, raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 \
         AND seq >= $3 AND seq < $4 ORDER BY seq",
        values(plan, &range)?,
    );
    let found = conn
        .query_all_raw(statement)
        .await
        .map_err(StoreError::from)?;
    let mut stored = Vec::with_capacity(found.len());
    for (seq, row) in range.clone().zip(&found) {
        let own: i64 = row.try_get("", "seq").map_err(StoreError::from)?;
        let leaf: Vec<u8> = row.try_get("", "leaf").map_err(StoreError::from)?;
        let leaf = Hash::from_slice(&leaf).filter(|_| own == number(seq).unwrap_or(-1));
        stored.push(Stored {
            leaf: leaf.ok_or(ExportError::EntryMissing(seq))?,
            raw: Some(row.try_get("", "raw").map_err(StoreError::from)?),
            disclosures: Vec::new(),
        });
    }
    let read = range.start + stored.len() as u64;
    if read < range.end {
        return Err(ExportError::EntryMissing(read));
    }
    if plan.disclosures && range.start < plan.end && plan.first < range.end {
        disclose(plan, range, &mut stored).await?;
    }
    Ok(stored)
}

async fn disclose(
    plan: &Plan,
    range: Range<u64>,
    stored: &mut [Stored],
) -> Result<(), ExportError> {
    let conn = plan.conn();
    let statement = conn.sql(
        "SELECT seq, field, disclosure FROM audit_disclosure WHERE tenant_id = $1 AND epoch = $2 \
         AND seq >= $3 AND seq < $4 ORDER BY seq",
        values(plan, &range)?,
    );
    let found = conn
        .query_all_raw(statement)
        .await
        .map_err(StoreError::from)?;
    let start = number(range.start)?;
    for row in &found {
        let seq: i64 = row.try_get("", "seq").map_err(StoreError::from)?;
        let field = row.try_get("", "field").map_err(StoreError::from)?;
        let text = row.try_get("", "disclosure").map_err(StoreError::from)?;
        let at = usize::try_from(seq - start).map_err(StoreError::internal)?;
        if let Some(entry) = stored.get_mut(at) {
            entry.disclosures.push((field, text));
        }
    }
    // Not in the statement: databases differ in the order of texts.
    stored.iter_mut().for_each(|entry| entry.disclosures.sort());
    Ok(())
}

/// The hashes of a range, from full tiles; of a last tile that is not full, from the entries.
async fn hashes(plan: &Plan, range: Range<u64>) -> Result<Vec<Stored>, ExportError> {
    let full = range.end / WIDTH * WIDTH;
    let tiles = range.start / WIDTH..full / WIDTH;
    let mut hashes = of_tiles(plan, tiles).await?;
    let rest = range.start + hashes.len() as u64..range.end;
    hashes.extend(leaves(plan.conn(), plan.log, rest).await?);
    let read = range.start + hashes.len() as u64;
    if read < range.end {
        return Err(ExportError::EntryMissing(read));
    }
    let hash_only = |leaf| Stored {
        leaf,
        raw: None,
        disclosures: Vec::new(),
    };
    Ok(hashes.into_iter().map(hash_only).collect())
}

/// The hashes of these tiles, up to the first that is not stored.
async fn of_tiles(plan: &Plan, tiles: Range<u64>) -> Result<Vec<Hash>, ExportError> {
    let conn = plan.conn();
    let statement = conn.sql(
        "SELECT tile_index, hashes FROM audit_tile WHERE tenant_id = $1 AND epoch = $2 \
         AND level = 0 AND tile_index >= $3 AND tile_index < $4 ORDER BY tile_index",
        values(plan, &tiles)?,
    );
    let found = conn
        .query_all_raw(statement)
        .await
        .map_err(StoreError::from)?;
    let mut hashes = Vec::new();
    for (index, row) in tiles.zip(&found) {
        let own: i64 = row.try_get("", "tile_index").map_err(StoreError::from)?;
        let bytes: Vec<u8> = row.try_get("", "hashes").map_err(StoreError::from)?;
        let (of_tile, rest) = bytes.as_chunks::<32>();
        let is_full = of_tile.len() as u64 == WIDTH && rest.is_empty();
        if own != number(index)? || !is_full {
            break;
        }
        hashes.extend(of_tile.iter().copied().map(Hash));
    }
    Ok(hashes)
}

fn values(plan: &Plan, range: &Range<u64>) -> Result<[Value; 4], StoreError> {
    Ok([
        plan.log.tenant.into(),
        plan.log.epoch.into(),
        number(range.start)?.into(),
        number(range.end)?.into(),
    ])
}
