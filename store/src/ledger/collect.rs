//! The heads of tenants' logs, entered into the system log: what is kept outside of that one log covers
//! all of them.

use entity::TenantId;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::LogId;
use crate::{
    Event, Events, Store, StoreError,
    bootstrap::Deployment,
    conn::Conn,
    event::{
        CheckpointsCollected,
        class::{CollectedHead, Public},
    },
    log::log_origin,
    sequence,
    system::Duty,
};

/// Heads that one call collects at most.
pub const COLLECTED_AT_ONCE: u64 = 500;
/// Bytes of heads in one entry, of the 16 384 that an entry may have.
const ENTRY_BYTES: usize = 14_000;
/// Bytes of a head besides its name: keys, quotes, root, size.
const HEAD_BYTES: usize = 64 + 16 + 40;

struct Moved {
    log: LogId,
    size: i64,
    root: Vec<u8>,
}

impl Store {
    /// Enters the heads of logs that have grown since they were last entered, up to [`COLLECTED_AT_ONCE`], into the
    /// system log. Returns how many; 0 when none has grown.
    ///
    /// # Errors
    /// As the database says; [`StoreError::Conflict`] when the system log is not in order.
    pub async fn collect_heads(&self) -> Result<u64, StoreError> {
        let deployment = self.deployment().await.map_err(StoreError::internal)?;
        let tx = self
            .begin_duty_of_every_tenant(Duty::Anchor, TenantId::SYSTEM)
            .await?;
        // Locked first, so that of two that collect the second sees what the first has collected.
        let head = sequence::lock_head(tx.conn(), TenantId::SYSTEM).await?;
        let moved = moved(tx.conn()).await?;
        for log in &moved {
            log.remember(tx.conn()).await?;
        }
        let mut events = events_of(&deployment, &moved).into_iter();
        if let Some(first) = events.next() {
            let events = events.fold(Events::from(first), Events::and);
            tx.commit_appended(head, events).await?;
        }
        Ok(moved.len() as u64)
    }
}

async fn moved(conn: &Conn) -> Result<Vec<Moved>, StoreError> {
    let statement = conn.sql(
        &format!(
            "SELECT h.tenant_id, h.epoch, c.size, c.root FROM audit_head h \
             JOIN audit_checkpoint c ON c.tenant_id = h.tenant_id AND c.epoch = h.epoch \
             AND c.size = h.size WHERE h.size > h.collected_size AND h.state = 'ok' \
             AND h.tenant_id <> $1 \
             ORDER BY h.tenant_id, h.epoch LIMIT {COLLECTED_AT_ONCE}"
        ),
        [TenantId::SYSTEM.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(of_row).collect()
}

fn of_row(row: &QueryResult) -> Result<Moved, StoreError> {
    Ok(Moved {
        log: LogId {
            tenant: row.try_get("", "tenant_id")?,
            epoch: row.try_get("", "epoch")?,
        },
        size: row.try_get("", "size")?,
        root: row.try_get("", "root")?,
    })
}

impl Moved {
    async fn remember(&self, conn: &Conn) -> Result<(), StoreError> {
        let values: [Value; 3] = [
            self.size.into(),
            self.log.tenant.into(),
            self.log.epoch.into(),
        ];
        let statement = conn.sql(
            "UPDATE audit_head SET collected_size = $1 \
             WHERE tenant_id = $2 AND epoch = $3 AND collected_size < $1",
            values,
        );
        conn.execute_raw(statement).await?;
        Ok(())
    }

    fn head(&self, deployment: &Deployment) -> CollectedHead {
        CollectedHead {
            origin: log_origin(deployment, self.log.tenant, self.log.epoch),
            size: self.size.unsigned_abs(),
            root: data_encoding::HEXLOWER.encode(&self.root),
        }
    }
}

/// As many events as it takes for each to fit an entry.
fn events_of(deployment: &Deployment, moved: &[Moved]) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut logs, mut byte_len) = (Vec::new(), 0);
    for head in moved.iter().map(|moved| moved.head(deployment)) {
        let own = head.origin.len() + HEAD_BYTES;
        if byte_len + own > ENTRY_BYTES {
            events.push(event(std::mem::take(&mut logs)));
            byte_len = 0;
        }
        byte_len += own;
        logs.push(head);
    }
    if !logs.is_empty() {
        events.push(event(logs));
    }
    events
}

fn event(logs: Vec<CollectedHead>) -> Event {
    CheckpointsCollected { logs: Public(logs) }.into()
}
