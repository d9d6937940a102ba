//! The logs against what is kept outside of them: a log that is not what it is known to have been is put into
//! quarantine, so that nothing is signed on top of it.

use std::collections::{BTreeMap, BTreeSet};

use audit::{
    hash::Hash,
    merkle::{Frontier, TreeHead},
    tile::{frontier_at, frontier_tiles},
};
use entity::TenantId;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{HeadMark, LogId, number, tile};
use crate::{
    Store, StoreError,
    conn::Conn,
    event::{LogQuarantined, class::Public},
    system::Duty,
};

/// Logs that one statement reads.
const AT_ONCE: usize = 200;

/// How much of a log is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its size, and its root where the sizes are equal: a statement for some hundred logs.
    Heads,
    /// Its root at the size of the mark as well, from its tiles: some statements for each log that has grown.
    Roots,
}

/// What came of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Logs that were put into quarantine now, with the head that they do not bear out.
    pub quarantined: Vec<HeadMark>,
    /// Logs that are known outside and that this database does not have.
    pub absent: u64,
}

/// The newest head of a log that is appended to.
struct Head {
    log: LogId,
    size: u64,
    /// Absent in a log that is older than trees are.
    root: Option<Hash>,
}

impl Store {
    /// Compares the logs that `marks` are of with them, each with its furthest. A log whose newest epoch is smaller than a mark, or has
    /// another root at its size, is put into quarantine; that is recorded in its outbox, and waits there until the log
    /// is recovered.
    ///
    /// # Errors
    /// As the database says; what was put into quarantine until then stays there.
    pub async fn hold_against(
        &self,
        marks: &[HeadMark],
        depth: Depth,
    ) -> Result<Compared, StoreError> {
        let mut furthest: BTreeMap<TenantId, HeadMark> = BTreeMap::new();
        for mark in marks {
            let known = furthest.entry(mark.tenant).or_insert(*mark);
            if (known.epoch, known.size) < (mark.epoch, mark.size) {
                *known = *mark;
            }
        }
        let furthest: Vec<HeadMark> = furthest.into_values().collect();
        let mut compared = Compared::default();
        for some in furthest.chunks(AT_ONCE) {
            self.hold_some(some.to_vec(), depth, &mut compared).await?;
        }
        Ok(compared)
    }

    /// At most [`AT_ONCE`] marks, each of another log.
    async fn hold_some(
        &self,
        marks: Vec<HeadMark>,
        depth: Depth,
        compared: &mut Compared,
    ) -> Result<(), StoreError> {
        let conn = self.database().begin_job_read().await?;
        let mut heads = heads(&conn, &marks).await?;
        let mut contradicted = Vec::new();
        for mark in marks {
            match heads.remove(&mark.tenant) {
                None => compared.absent += 1,
                Some(None) => {}
                Some(Some(head)) => {
                    if !head.bears_out(&conn, mark, depth).await? {
                        contradicted.push((head, mark));
                    }
                }
            }
        }
        drop(conn);
        for (head, mark) in contradicted {
            if self.quarantine(head, mark).await? {
                compared.quarantined.push(mark);
            }
        }
        Ok(())
    }

    async fn quarantine(&self, head: Head, mark: HeadMark) -> Result<bool, StoreError> {
        let tx = self.begin_duty(Duty::Anchor, head.log.tenant).await?;
        let values: [Value; 5] = [
            mark.epoch.into(),
            number(mark.size)?.into(),
            mark.root.0.to_vec().into(),
            head.log.tenant.into(),
            head.log.epoch.into(),
        ];
        let statement = tx.conn().sql(
            "UPDATE audit_head SET state = 'quarantined', known_epoch = $1, known_size = $2, \
             known_root = $3 WHERE tenant_id = $4 AND epoch = $5 \
             AND state IN ('ok', 'quarantined') AND (known_epoch IS NULL OR known_epoch < $1 \
             OR (known_epoch = $1 AND known_size < $2))",
            values,
        );
        if tx.conn().execute_raw(statement).await?.rows_affected() == 0 {
            return Ok(false);
        }
        tracing::error!(
            tenant.id = %head.log.tenant,
            epoch = head.log.epoch,
            size = head.size,
            known_epoch = mark.epoch,
            known_size = mark.size,
            known_root = %mark.root.to_hex(),
            "log quarantined: it is not the one whose head is kept outside"
        );
        tx.commit(LogQuarantined {
            epoch: Public(head.log.epoch.into()),
            size: Public(head.size),
            root: Public(head.root.map(|root| root.to_hex())),
            known_epoch: Public(mark.epoch.into()),
            known_size: Public(mark.size),
            known_root: Public(mark.root.to_hex()),
        })
        .await?;
        Ok(true)
    }
}

/// Of each tenant that has a log at all: its newest head, if it is appended to or waits to be recovered. One in
/// quarantine as well, whatever brought it there: its recovery must name what is known.
async fn heads(
    conn: &Conn,
    marks: &[HeadMark],
) -> Result<BTreeMap<TenantId, Option<Head>>, StoreError> {
    let places: Vec<String> = (1..=marks.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT tenant_id, epoch, size, frontier, state FROM audit_head \
         WHERE tenant_id IN ({}) ORDER BY tenant_id, epoch",
        places.join(", ")
    );
    let values: Vec<Value> = marks.iter().map(|mark| Value::from(mark.tenant)).collect();
    let mut heads = BTreeMap::new();
    for row in conn.query_all_raw(conn.sql(&sql, values)).await? {
        let tenant: TenantId = row.try_get("", "tenant_id")?;
        heads.insert(tenant, head(tenant, &row)?);
    }
    Ok(heads)
}

fn head(tenant: TenantId, row: &QueryResult) -> Result<Option<Head>, StoreError> {
    let state: String = row.try_get("", "state")?;
    let size: i64 = row.try_get("", "size")?;
    let size = size.unsigned_abs();
    let frontier: Option<Vec<u8>> = row.try_get("", "frontier")?;
    let frontier = frontier.and_then(|frontier| Frontier::from_bytes(size, &frontier));
    let epoch = row.try_get("", "epoch")?;
    Ok(["ok", "quarantined"].contains(&&*state).then(|| Head {
        log: LogId { tenant, epoch },
        size,
        root: frontier.map(|frontier| frontier.root()),
    }))
}

impl Head {
    async fn bears_out(
        &self,
        conn: &Conn,
        mark: HeadMark,
        depth: Depth,
    ) -> Result<bool, StoreError> {
        if mark.epoch < self.log.epoch {
            return Ok(true);
        }
        if mark.epoch > self.log.epoch || mark.size > self.size {
            return Ok(false);
        }
        match self.root {
            None => Ok(true),
            Some(root) if mark.size == self.size => Ok(mark.root == root),
            Some(_) if depth == Depth::Heads => Ok(true),
            Some(_) => {
                let tree = TreeHead {
                    size: mark.size,
                    root: mark.root,
                };
                is_stored(conn, self.log, tree).await
            }
        }
    }
}

/// Whether what is stored of a log begins with this tree, by its hashes.
pub(crate) async fn is_stored(conn: &Conn, log: LogId, tree: TreeHead) -> Result<bool, StoreError> {
    let wanted: BTreeSet<_> = frontier_tiles(tree.size).into_iter().collect();
    let tiles = tile::fetch(conn, log, &wanted).await?;
    Ok(frontier_at(tree.size, &tiles).is_ok_and(|frontier| frontier.root() == tree.root))
}
