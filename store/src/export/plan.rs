//! What an export reads: one snapshot of one log, up to a checkpoint that stays.

use std::ops::Deref;

use audit::{checkpoint::Checkpoint, merkle::TreeHead, note::Note};
use entity::{audit_checkpoint, audit_head};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use super::{ExportError, Exported, Extent};
use crate::{
    Store, StoreError,
    conn::Conn,
    ledger::LogId,
    system::Reason,
    tx::{Scope, TenantCheck},
    verify::Verdict,
};

/// A log, held still.
pub(super) struct Plan {
    scope: Scope,
    pub(super) outline: Outline,
}

/// What of a log is exported.
pub(super) struct Outline {
    pub(super) log: LogId,
    pub(super) origin: String,
    pub(super) checkpoint: Note,
    pub(super) tree: TreeHead,
    pub(super) first: u64,
    pub(super) end: u64,
    /// Whether that is all the log still has.
    pub(super) whole: bool,
    pub(super) disclosures: bool,
}

impl Plan {
    /// Keeps the newest checkpoint for good, then opens the snapshot.
    pub(super) async fn read(store: &Store, extent: Extent) -> Result<Self, ExportError> {
        let (epoch, size) = pin(store, extent).await?;
        let conn = store.database().begin_job_read().await?;
        let (tenant, now) = (extent.tenant, store.now());
        let scope = Scope::enter(conn.into_conn(), tenant, TenantCheck::None, now).await?;
        let head = scope
            .find::<audit_head::Entity>()
            .filter(audit_head::Column::Epoch.eq(epoch))
            .one(scope.conn())
            .await
            .map_err(StoreError::from)?
            .ok_or(ExportError::NoCheckpoint)?;
        let row = scope
            .find::<audit_checkpoint::Entity>()
            .filter(audit_checkpoint::Column::Epoch.eq(epoch))
            .filter(audit_checkpoint::Column::Size.eq(size))
            .one(scope.conn())
            .await
            .map_err(StoreError::from)?
            .ok_or(ExportError::NoCheckpoint)?;
        let checkpoint = Note::parse(row.note.as_bytes()).map_err(|_| ExportError::Malformed)?;
        let Checkpoint { origin, tree } =
            Checkpoint::parse(checkpoint.text()).map_err(|_| ExportError::Malformed)?;
        let left = u64::try_from(head.min_seq).map_err(|_| ExportError::Malformed)?;
        let (first, end) = range(extent, left, tree.size)?;
        let outline = Outline {
            log: LogId {
                tenant: extent.tenant,
                epoch,
            },
            origin,
            checkpoint,
            whole: first == left && end == tree.size,
            tree,
            first,
            end,
            disclosures: extent.disclosures,
        };
        Ok(Self { scope, outline })
    }

    /// Ends the snapshot.
    pub(super) fn close(self) -> Outline {
        self.outline
    }

    pub(super) fn conn(&self) -> &Conn {
        self.scope.conn()
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl Deref for Plan {
    type Target = Outline;

    fn deref(&self) -> &Outline {
        &self.outline
    }
}

impl Outline {
    /// What came of it.
    pub(super) fn exported(&self, verdict: Option<Verdict>) -> Exported {
        Exported {
            epoch: self.log.epoch,
            first: self.first,
            end: self.end,
            size: self.tree.size,
            checkpoint: self.checkpoint.to_string(),
            verdict,
        }
    }
}

/// The entries to export: what is asked for, less what is pruned.
fn range(extent: Extent, left: u64, size: u64) -> Result<(u64, u64), ExportError> {
    let end = extent.end.unwrap_or(size);
    let first = extent.first.max(left);
    if extent.first > end || end > size || first > end {
        return Err(ExportError::Range(size));
    }
    if first == end && extent.first < first {
        return Err(ExportError::Pruned(left));
    }
    Ok((first, end))
}

/// Marks the epoch's newest checkpoint as handed out, so that no newer one of its minute takes its place.
async fn pin(store: &Store, extent: Extent) -> Result<(i32, i64), ExportError> {
    let tenant = extent.tenant;
    let tx = store.begin_system_within(Reason::Exporting, tenant).await?;
    let conn = tx.conn();
    // Whoever appends holds this row; then the newest checkpoint cannot change before it is marked.
    let lock = if conn.is_postgres() { "FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT epoch FROM audit_head WHERE tenant_id = $1 AND epoch = COALESCE($2, epoch) \
         ORDER BY epoch DESC LIMIT 1 {lock}"
    );
    let head = conn
        .query_one_raw(conn.sql(&sql, [tenant.into(), extent.epoch.into()]))
        .await
        .map_err(StoreError::from)?
        .ok_or(ExportError::NoCheckpoint)?;
    let epoch: i32 = head.try_get("", "epoch").map_err(StoreError::from)?;
    let statement = conn.sql(
        "UPDATE audit_checkpoint SET pinned = $3 WHERE tenant_id = $1 AND epoch = $2 AND size = \
         (SELECT MAX(size) FROM audit_checkpoint WHERE tenant_id = $1 AND epoch = $2) \
         RETURNING size",
        [tenant.into(), epoch.into(), true.into()],
    );
    let pinned = conn
        .query_one_raw(statement)
        .await
        .map_err(StoreError::from)?
        .ok_or(ExportError::NoCheckpoint)?;
    let size: i64 = pinned.try_get("", "size").map_err(StoreError::from)?;
    tx.commit_without_event().await?;
    Ok((epoch, size))
}

#[cfg(test)]
mod tests {
    use entity::TenantId;

    use super::*;

    fn asked(first: u64, end: Option<u64>) -> Extent {
        Extent {
            tenant: TenantId::SYSTEM,
            epoch: None,
            first,
            end,
            disclosures: false,
        }
    }

    #[test]
    fn a_range_is_cut_to_what_is_left_of_the_log() {
        assert_eq!(range(asked(0, None), 0, 700).ok(), Some((0, 700)));
        assert_eq!(range(asked(0, None), 256, 700).ok(), Some((256, 700)));
        assert_eq!(
            range(asked(512, Some(700)), 256, 700).ok(),
            Some((512, 700))
        );
        assert!(range(asked(0, Some(701)), 0, 700).is_err());
        assert!(range(asked(512, Some(256)), 0, 700).is_err());
        assert!(range(asked(0, Some(128)), 256, 700).is_err());
        assert!(matches!(
            range(asked(0, Some(256)), 256, 700),
            Err(ExportError::Pruned(256))
        ));
        assert_eq!(range(asked(0, None), 0, 0).ok(), Some((0, 0)));
    }
}
