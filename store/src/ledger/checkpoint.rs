//! Signed checkpoints, and which of them stay.

use audit::{checkpoint::Checkpoint, merkle::TreeHead, note::Note};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use entity::audit_checkpoint;
use sea_orm::{ConnectionTrait, Value};

use super::{LogId, key::LiveKey, number};
use crate::{
    StoreError,
    conn::{Conn, insert},
};

/// A checkpoint that is about to be kept.
pub(super) struct Signed {
    pub(super) log: LogId,
    pub(super) head: TreeHead,
    pub(super) note: String,
    pub(super) at: DateTime<Utc>,
    pub(super) pinned: bool,
}

/// The note of a tree, signed by every key in force.
pub(super) fn sign(origin: &str, tree: TreeHead, keys: &[LiveKey]) -> Result<String, StoreError> {
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        tree,
    };
    let mut note = Note::new(checkpoint.to_string()).map_err(StoreError::internal)?;
    for live in keys {
        note.sign(origin, &live.key).map_err(StoreError::internal)?;
    }
    Ok(note.to_string())
}

impl Signed {
    /// Takes the place of the checkpoint at `before` when that is of the same minute and nothing holds it.
    pub(super) async fn record(&self, conn: &Conn, before: u64) -> Result<(), StoreError> {
        if !self.pinned && self.replace(conn, before).await? {
            return Ok(());
        }
        let row = audit_checkpoint::Model {
            tenant_id: self.log.tenant,
            epoch: self.log.epoch,
            size: number(self.head.size)?,
            root: self.head.root.0.to_vec(),
            note: self.note.clone(),
            signed_at: self.at,
            cosigned_at: None,
            pinned: self.pinned,
        };
        insert(conn, row).await?;
        Ok(())
    }

    async fn replace(&self, conn: &Conn, before: u64) -> Result<bool, StoreError> {
        let minute = self
            .at
            .duration_trunc(TimeDelta::minutes(1))
            .map_err(StoreError::internal)?;
        let values: [Value; 8] = [
            number(self.head.size)?.into(),
            self.head.root.0.to_vec().into(),
            self.note.clone().into(),
            self.at.into(),
            self.log.tenant.into(),
            self.log.epoch.into(),
            number(before)?.into(),
            minute.into(),
        ];
        let statement = conn.sql(
            "UPDATE audit_checkpoint SET size = $1, root = $2, note = $3, signed_at = $4 \
             WHERE tenant_id = $5 AND epoch = $6 AND size = $7 AND signed_at >= $8 \
             AND cosigned_at IS NULL AND NOT pinned",
            values,
        );
        Ok(conn.execute_raw(statement).await?.rows_affected() == 1)
    }
}
