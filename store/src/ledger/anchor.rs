//! What is kept outside the database: the system log's checkpoint and the heads it covers.

use std::collections::BTreeMap;

use audit::{entry::Entry, hash::Hash, value::Value as Meta};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_checkpoint};
use policy::Action;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, Value};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    conn::Conn,
    event::{ForkDetected, class::Public},
    log::log_origin,
    sequence,
    system::{Duty, Reason, SystemTx},
};

/// How far a log was, and with which root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadMark {
    /// Whose log; [`TenantId::SYSTEM`] for the deployment's.
    pub tenant: TenantId,
    /// Which epoch.
    pub epoch: i32,
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

impl HeadMark {
    /// Whether a log that had this head cannot have `other`'s as a later one.
    #[must_use]
    pub fn is_ahead_of(&self, other: &Self) -> bool {
        (self.epoch, self.size) >= (other.epoch, other.size) && self != other
    }
}

/// A checkpoint of the system log that is about to be kept outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The name of the deployment.
    pub deployment: String,
    /// The head of the system log.
    pub head: HeadMark,
    /// When it was signed.
    pub signed_at: DateTime<Utc>,
    /// The signed note.
    pub note: String,
    /// The newest head of every log that was collected since the last anchor, and the system log's own.
    pub logs: Vec<HeadMark>,
}

impl Store {
    /// The newest checkpoint of the system log, if it is not kept outside yet. It stays in the database from
    /// now on. Two that ask at the same time get the same.
    ///
    /// # Errors
    /// As the database says.
    pub async fn begin_anchor(&self) -> Result<Option<Anchor>, StoreError> {
        let deployment = self.deployment().await.map_err(StoreError::internal)?;
        let tx = self.begin_system(Reason::Anchoring).await?;
        let head = sequence::lock_head(tx.conn(), TenantId::SYSTEM).await?;
        if head.size <= head.anchored_size {
            return Ok(None);
        }
        let Some(checkpoint) = pin(&tx, head.epoch, head.size).await? else {
            return Ok(None);
        };
        let root = Hash::from_slice(&checkpoint.root)
            .ok_or_else(|| StoreError::internal("a root without 32 bytes"))?;
        let own = HeadMark {
            tenant: TenantId::SYSTEM,
            epoch: head.epoch,
            size: head.size.unsigned_abs(),
            root,
        };
        let name = log_origin(&deployment, TenantId::SYSTEM, head.epoch);
        let prefix = name.split("/system/").next().unwrap_or_default().to_owned();
        let mut logs = collected(tx.conn(), &prefix, head.epoch, head.anchored_size).await?;
        logs.push(own);
        tx.commit_without_event().await?;
        Ok(Some(Anchor {
            deployment: deployment.name,
            head: own,
            signed_at: checkpoint.signed_at,
            note: checkpoint.note,
            logs,
        }))
    }

    /// Remembers that an anchor is kept outside, so that what it covers counts as anchored.
    ///
    /// # Errors
    /// As the database says.
    pub async fn mark_anchored(&self, anchor: &Anchor) -> Result<(), StoreError> {
        let tx = self.begin_system(Reason::Anchoring).await?;
        for mark in &anchor.logs {
            let values: [Value; 3] = [
                i64::try_from(mark.size)
                    .map_err(StoreError::internal)?
                    .into(),
                mark.tenant.into(),
                mark.epoch.into(),
            ];
            let statement = tx.conn().sql(
                "UPDATE audit_head SET anchored_size = $1 WHERE tenant_id = $2 AND epoch = $3 \
                 AND anchored_size < $1 AND size >= $1",
                values,
            );
            tx.conn().execute_raw(statement).await?;
        }
        tx.commit_without_event().await
    }

    /// Records that what is kept outside for the size of `anchor` is not this log; `found` is the root there.
    ///
    /// # Errors
    /// As the database says.
    pub async fn record_fork(
        &self,
        anchor: &Anchor,
        found: Option<Hash>,
    ) -> Result<(), StoreError> {
        let tx = self.begin_duty(Duty::Anchor, TenantId::SYSTEM).await?;
        tx.commit(ForkDetected {
            size: Public(anchor.head.size),
            root: Public(anchor.head.root.to_hex()),
            anchored_root: Public(found.map(|root| root.to_hex())),
        })
        .await?;
        Ok(())
    }

    /// The epoch of the system log and how many of its entries are anchored, as the database has it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn anchored(&self) -> Result<(i32, u64), StoreError> {
        let conn = self.database().begin_job_read().await?;
        let statement = conn.sql(
            "SELECT epoch, anchored_size FROM audit_head WHERE tenant_id = $1 \
             ORDER BY epoch DESC LIMIT 1",
            [TenantId::SYSTEM.into()],
        );
        let row = conn.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| StoreError::internal("there is no system log"))?;
        let size: i64 = row.try_get("", "anchored_size")?;
        Ok((row.try_get("", "epoch")?, size.unsigned_abs()))
    }
}

/// Keeps the checkpoint for good before it is shown to anybody.
async fn pin(
    tx: &SystemTx,
    epoch: i32,
    size: i64,
) -> Result<Option<audit_checkpoint::Model>, StoreError> {
    let values = [TenantId::SYSTEM.into(), epoch.into(), size.into()];
    let statement = tx.conn().sql(
        "UPDATE audit_checkpoint SET pinned = TRUE WHERE tenant_id = $1 AND epoch = $2 AND size = $3",
        values,
    );
    tx.conn().execute_raw(statement).await?;
    Ok(tx
        .find::<audit_checkpoint::Entity>()
        .filter(audit_checkpoint::Column::Epoch.eq(epoch))
        .filter(audit_checkpoint::Column::Size.eq(size))
        .one(tx.conn())
        .await?)
}

/// The newest head of each log that was entered at `from` or later.
async fn collected(
    conn: &Conn,
    prefix: &str,
    epoch: i32,
    from: i64,
) -> Result<Vec<HeadMark>, StoreError> {
    let values: [Value; 4] = [
        TenantId::SYSTEM.into(),
        epoch.into(),
        from.into(),
        Action::AuditCheckpointCollect.name().into(),
    ];
    let statement = conn.sql(
        "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq >= $3 \
         AND action = $4 ORDER BY seq",
        values,
    );
    let mut newest = BTreeMap::new();
    for row in conn.query_all_raw(statement).await? {
        let raw: Vec<u8> = row.try_get("", "raw")?;
        for mark in marks(prefix, &raw) {
            newest.insert((mark.tenant, mark.epoch), mark);
        }
    }
    Ok(newest.into_values().collect())
}

/// What an entry `audit.checkpoint` says; what does not belong to this deployment is passed over.
fn marks(prefix: &str, raw: &[u8]) -> Vec<HeadMark> {
    let Ok(entry) = Entry::parse(raw) else {
        return Vec::new();
    };
    match entry.draft.meta.get("logs") {
        Some(Meta::Array(logs)) => logs.iter().filter_map(|log| mark(prefix, log)).collect(),
        _ => Vec::new(),
    }
}

fn mark(prefix: &str, log: &Meta) -> Option<HeadMark> {
    let Meta::Object(log) = log else {
        return None;
    };
    let (Meta::String(origin), Meta::String(root), Meta::Integer(size)) =
        (log.get("origin")?, log.get("root")?, log.get("size")?)
    else {
        return None;
    };
    let (tenant, epoch) = origin
        .strip_prefix(prefix)?
        .strip_prefix("/t/")?
        .split_once("/e")?;
    Some(HeadMark {
        tenant: TenantId(Uuid::parse_str(tenant).ok()?),
        epoch: epoch.parse().ok()?,
        size: *size,
        root: Hash::from_hex(root)?,
    })
}
