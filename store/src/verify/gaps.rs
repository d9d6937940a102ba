//! What may be missing from a stored log, and what then is there instead.
//!
//! Entries say which disclosures, and which entries, may be gone; the index over them is read first, because what
//! permits a gap stands behind it. That they are what was signed, the walk itself shows. Of entries that are gone the
//! tiles are left: the tree grows by their hashes, and the chain begins behind the last of them.

use std::sync::Arc;

use audit::{
    chain::{Damage, Finding, Verifier},
    hash::Hash,
    retention::{Hold, Permits},
    tile::read_tile,
};
use sea_orm::ConnectionTrait;

use super::{cells::Cells, epoch::Epochs, page::finding, tree::TreeWalk};
use crate::{
    StoreError,
    conn::Conn,
    ledger::{LogId, saturated, tile::WIDTH},
    retention::{CarriedKey, History},
};

/// Tiles in one statement.
const TILES: u64 = 4;

/// What the entries of a log permit to be missing.
pub(super) struct Gaps {
    log: LogId,
    history: History,
    permits: Arc<Permits>,
    /// The first entry that must be there; a multiple of 256.
    first: u64,
    /// What the head says that is.
    stated: i64,
}

impl Gaps {
    /// `min_seq` is what the head says; 0 without one.
    pub(super) async fn read(conn: &Conn, log: LogId, min_seq: i64) -> Result<Self, StoreError> {
        let mut history = History::read(conn, log).await?;
        if history.permits.is_full() {
            return Err(StoreError::internal(
                "the log documents more gaps than can be held",
            ));
        }
        let permits = Arc::new(std::mem::take(&mut history.permits));
        let stated = u64::try_from(min_seq).unwrap_or(0);
        let first = stated.min(permits.entries_from());
        Ok(Self {
            log,
            history,
            permits,
            first: first - first % WIDTH,
            stated: min_seq,
        })
    }

    pub(super) fn permits(&self) -> Arc<Permits> {
        Arc::clone(&self.permits)
    }

    /// How many entries are gone as a prune said.
    pub(super) fn pruned(&self) -> u64 {
        self.first
    }

    /// Keys that entries introduced which are gone.
    pub(super) fn keys(&self) -> impl Iterator<Item = &CarriedKey> {
        let keys = self.history.carried.keys.iter();
        keys.filter(|key| key.seq < self.first)
    }

    /// Where reading begins.
    pub(super) fn from(&self) -> i64 {
        match self.first {
            0 => i64::MIN,
            first => saturated(first),
        }
    }

    /// Grows the tree by the hashes of the entries that are gone; the chain goes on behind them.
    pub(super) async fn begin(
        &self,
        conn: &Conn,
        tree: &mut TreeWalk,
    ) -> Result<Verifier, StoreError> {
        let (mut next, mut last) = (0, Hash::ZERO);
        let end = self.first / WIDTH;
        while next < end {
            let upto = end.min(next + TILES);
            let mut leaves = Vec::new();
            for tile in tiles(conn, self.log, next, upto).await? {
                leaves.extend(tile.into_iter().map(|hash| (hash, None)));
            }
            last = leaves.last().map_or(last, |(hash, _)| *hash);
            tree.grow_by(conn, leaves).await?;
            next = upto;
        }
        Ok(Verifier::behind(self.first, last))
    }

    /// What differs from what the entries say: where the log begins, what is left before that, and the holds.
    pub(super) async fn findings(
        &self,
        conn: &Conn,
        epochs: &Epochs,
    ) -> Result<Vec<Finding>, StoreError> {
        let mut findings = self.left_over(conn).await?;
        if self.stated != saturated(self.first) {
            let reason = "the head says that the first entries were pruned, and no entry says so";
            findings.push(finding(
                saturated(self.first),
                Damage::ProjectionAltered,
                reason,
            ));
        }
        findings.extend(self.holds(conn, epochs).await?);
        Ok(findings)
    }

    async fn left_over(&self, conn: &Conn) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        if self.first == 0 {
            return Ok(findings);
        }
        let tables = [
            ("audit_entry", Damage::EntryInserted),
            ("audit_target", Damage::ProjectionAltered),
            ("audit_disclosure", Damage::DisclosureAltered),
        ];
        for (table, damage) in tables {
            let statement = conn.sql(
                &format!(
                    "SELECT MIN(seq) FROM {table} WHERE tenant_id = $1 AND epoch = $2 AND seq < $3"
                ),
                [
                    self.log.tenant.into(),
                    self.log.epoch.into(),
                    saturated(self.first).into(),
                ],
            );
            let row = conn.query_one_raw(statement).await?;
            let seq: Option<i64> = row
                .map(|row| row.try_get_by_index(0))
                .transpose()?
                .flatten();
            let reason = format!("{table} has a row of an entry that was pruned");
            findings.extend(seq.map(|seq| finding(seq, damage, reason)));
        }
        Ok(findings)
    }

    /// Of the rows those of this epoch; in the newest one those of no epoch as well.
    async fn holds(&self, conn: &Conn, epochs: &Epochs) -> Result<Vec<Finding>, StoreError> {
        let mut stored = holds(conn, self.log).await?;
        let is_newest = self.log.epoch == epochs.newest();
        stored.retain(|row| match i32::try_from(row.epoch) {
            Ok(epoch) if epochs.contains(epoch) => epoch == self.log.epoch,
            _ => is_newest,
        });
        let stated = self.history.holds.all();
        let differs = |hold: &&Hold| !stored.iter().any(|row| row.is(hold, self.log));
        let altered = stated.iter().filter(differs).map(|hold| {
            let reason = "a hold is not stored as the entry states that set it";
            finding(saturated(hold.seq), Damage::ProjectionAltered, reason)
        });
        let mut findings: Vec<Finding> = altered.collect();
        if findings.is_empty() && stored.len() != stated.len() {
            let unknown = |row: &&HoldCells| !stated.iter().any(|hold| row.is(hold, self.log));
            let seq = stored.iter().find(unknown).map_or(0, |row| row.seq);
            let reason = "a hold is stored that no entry set";
            findings.push(finding(seq, Damage::ProjectionAltered, reason));
        }
        Ok(findings)
    }
}

/// The hashes of full tiles of level 0; zeros for one that is not there or has another length, which is damage.
async fn tiles(
    conn: &Conn,
    log: LogId,
    from: u64,
    upto: u64,
) -> Result<Vec<Vec<Hash>>, StoreError> {
    let statement = conn.sql(
        "SELECT tile_index, hashes FROM audit_tile WHERE tenant_id = $1 AND epoch = $2 \
         AND level = 0 AND tile_index >= $3 AND tile_index < $4",
        [
            log.tenant.into(),
            log.epoch.into(),
            saturated(from).into(),
            saturated(upto).into(),
        ],
    );
    let width = usize::try_from(WIDTH).map_err(StoreError::internal)?;
    let count = usize::try_from(upto - from).map_err(StoreError::internal)?;
    let mut tiles = vec![vec![Hash::ZERO; width]; count];
    for row in &conn.query_all_raw(statement).await? {
        let cells = Cells::new(conn, row);
        let place = usize::try_from(cells.int(0)?.unsigned_abs() - from);
        let hashes = read_tile(&cells.bytes(1)?).filter(|hashes| hashes.len() == width);
        let tile = place.ok().and_then(|place| tiles.get_mut(place));
        if let (Some(tile), Some(hashes)) = (tile, hashes) {
            *tile = hashes;
        }
    }
    Ok(tiles)
}

/// A hold's row.
struct HoldCells {
    id: String,
    epoch: i64,
    seq: i64,
    first: i64,
    until: Option<i64>,
    cleared: Option<i64>,
}

impl HoldCells {
    fn is(&self, hold: &Hold, log: LogId) -> bool {
        self.id == hold.id
            && self.epoch == i64::from(log.epoch)
            && (self.seq, self.first) == (saturated(hold.seq), saturated(hold.first))
            && self.until == hold.until.map(saturated)
            && self.cleared == hold.cleared.map(saturated)
    }
}

async fn holds(conn: &Conn, log: LogId) -> Result<Vec<HoldCells>, StoreError> {
    let statement = conn.sql(
        "SELECT id, CAST(epoch AS bigint), seq, first_seq, until_seq, cleared_seq \
         FROM audit_hold WHERE tenant_id = $1 ORDER BY seq",
        [log.tenant.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let holds = rows.iter().map(|row| {
        let cells = Cells::new(conn, row);
        Ok(HoldCells {
            id: cells.uuid(0)?,
            epoch: cells.int(1)?,
            seq: cells.int(2)?,
            first: cells.int(3)?,
            until: row.try_get_by_index(4)?,
            cleared: row.try_get_by_index(5)?,
        })
    });
    holds.collect()
}
