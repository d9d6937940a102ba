//! Recovery of a log that nothing may be signed on top of any more: it is closed as it is, and a new epoch begins
//! with a key of its own, whose genesis names what is kept, what was known, and so what is lost.

use audit::{
    checkpoint::Checkpoint,
    genesis::{NamedHead, Previous},
    hash::Hash,
    merkle::{EMPTY_ROOT, TreeHead},
    note::{Note, VerifierKey},
};
use entity::{TenantId, audit_head};
use sea_orm::{ConnectionTrait, Value};

use super::LogId;
use crate::{
    ConflictCode, Receipt, Store, StoreError, Tx,
    bootstrap::Deployment,
    conn::Conn,
    event::{LogRecovered, class::Public},
    log::{begin_epoch, log_origin},
    sequence,
    system::Duty,
};

/// A recovery, planned or done.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Whose log; [`TenantId::SYSTEM`] is the deployment's.
    pub tenant: TenantId,
    /// The epoch that begins.
    pub epoch: i32,
    /// The name of the log in that epoch.
    pub origin: String,
    /// What its genesis says of the epoch before.
    pub previous: Previous,
    /// What was recorded; `None` when it is only planned.
    pub receipt: Option<Receipt>,
}

impl Store {
    /// What [`Self::recover_log`] would do.
    ///
    /// # Errors
    /// As [`Self::recover_log`].
    pub async fn plan_recovery(&self, tenant: TenantId) -> Result<Recovery, StoreError> {
        let tx = self.begin_duty(Duty::Recovery, tenant).await?;
        let deployment = self.deployment_in(tx.conn()).await?;
        let head = sequence::lock_newest_head(tx.conn(), tenant).await?;
        plan(tx.conn(), &deployment, &head).await
    }

    /// Closes the log of `tenant` and begins its next epoch. What waits in the outbox goes there.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the log is not in quarantine; or as the database says.
    pub async fn recover_log(&self, tenant: TenantId) -> Result<Recovery, StoreError> {
        // What the closed system log had collected of the others' logs is theirs to collect again.
        let tx = if tenant == TenantId::SYSTEM {
            self.begin_duty_of_every_tenant(Duty::Recovery, tenant)
                .await?
        } else {
            self.begin_duty(Duty::Recovery, tenant).await?
        };
        let deployment = self.deployment_in(tx.conn()).await?;
        let head = sequence::lock_newest_head(tx.conn(), tenant).await?;
        let recovery = plan(tx.conn(), &deployment, &head).await?;
        close(&tx, &head).await?;
        if tenant == TenantId::SYSTEM {
            collect_again(tx.conn()).await?;
        }
        let log = LogId {
            tenant,
            epoch: recovery.epoch,
        };
        let previous = Some(recovery.previous.clone());
        let (master, now) = (self.master(), tx.now());
        let head = begin_epoch(tx.conn(), master, &deployment, log, previous, now).await?;
        let event = recovered(&recovery);
        let receipt = tx.commit_appended(head, event).await?;
        self.wake_sequencer();
        Ok(Recovery {
            receipt: Some(receipt),
            ..recovery
        })
    }
}

async fn plan(
    conn: &Conn,
    deployment: &Deployment,
    head: &audit_head::Model,
) -> Result<Recovery, StoreError> {
    if head.state != "quarantined" {
        let message = format!(
            "the log is {}; only a log in quarantine is recovered",
            head.state
        );
        return Err(StoreError::conflict(ConflictCode::InvalidState, message));
    }
    let log = LogId {
        tenant: head.tenant_id,
        epoch: head.epoch,
    };
    let origin = |epoch| log_origin(deployment, log.tenant, epoch);
    let known = known(head).map(|(epoch, tree)| {
        (
            epoch,
            NamedHead {
                origin: origin(epoch),
                tree,
            },
        )
    });
    let reached = known
        .as_ref()
        .map_or(head.epoch, |(epoch, _)| head.epoch.max(*epoch));
    let tree = kept(conn, log, &origin(log.epoch), head.size).await?;
    Ok(Recovery {
        tenant: log.tenant,
        epoch: reached + 1,
        origin: origin(reached + 1),
        previous: Previous {
            kept: NamedHead {
                origin: origin(log.epoch),
                tree,
            },
            known: known.map(|(_, known)| known),
        },
        receipt: None,
    })
}

/// The head outside for which the log was put into quarantine.
fn known(head: &audit_head::Model) -> Option<(i32, TreeHead)> {
    let tree = TreeHead {
        size: u64::try_from(head.known_size?).ok()?,
        root: Hash::from_slice(head.known_root.as_deref()?)?,
    };
    Some((head.known_epoch?, tree))
}

/// The newest checkpoint that the log has signed; the empty tree when there is none.
async fn kept(conn: &Conn, log: LogId, origin: &str, size: i64) -> Result<TreeHead, StoreError> {
    let keys = keys(conn, log, origin).await?;
    let statement = conn.sql(
        "SELECT note FROM audit_checkpoint WHERE tenant_id = $1 AND epoch = $2 AND size <= $3 \
         ORDER BY size DESC LIMIT 100",
        [log.tenant.into(), log.epoch.into(), size.into()],
    );
    for row in conn.query_all_raw(statement).await? {
        let note: String = row.try_get("", "note")?;
        let note = Note::parse(note.as_bytes()).ok();
        let opened =
            note.and_then(|note| Checkpoint::open(&note, &keys).ok().map(|o| o.checkpoint));
        if let Some(Checkpoint { tree, .. }) = opened.filter(|opened| opened.origin == origin) {
            return Ok(tree);
        }
    }
    Ok(TreeHead {
        size: 0,
        root: EMPTY_ROOT,
    })
}

async fn keys(conn: &Conn, log: LogId, origin: &str) -> Result<Vec<VerifierKey>, StoreError> {
    let statement = conn.sql(
        "SELECT public FROM audit_key WHERE tenant_id = $1 AND epoch = $2 ORDER BY key_no",
        [log.tenant.into(), log.epoch.into()],
    );
    let mut keys = Vec::new();
    for row in conn.query_all_raw(statement).await? {
        let public: Vec<u8> = row.try_get("", "public")?;
        let public = public.as_slice().try_into().ok();
        keys.extend(public.and_then(|public| VerifierKey::log(origin, public).ok()));
    }
    Ok(keys)
}

/// Nothing is appended to it any more; what was known outside stands in the next genesis from now on.
async fn close(tx: &Tx, head: &audit_head::Model) -> Result<(), StoreError> {
    let statement = tx.conn().sql(
        "UPDATE audit_head SET state = 'closed', known_epoch = NULL, known_size = NULL, \
         known_root = NULL WHERE tenant_id = $1 AND epoch = $2",
        [tx.tenant().into(), head.epoch.into()],
    );
    tx.conn().execute_raw(statement).await?;
    Ok(())
}

/// Heads that only the closed system log had collected never went outside.
async fn collect_again(conn: &Conn) -> Result<(), StoreError> {
    let values: [Value; 1] = [TenantId::SYSTEM.into()];
    let statement = conn.sql(
        "UPDATE audit_head SET collected_size = anchored_size \
         WHERE tenant_id <> $1 AND state = 'ok' AND collected_size > anchored_size",
        values,
    );
    conn.execute_raw(statement).await?;
    Ok(())
}

fn recovered(recovery: &Recovery) -> LogRecovered {
    let Previous { kept, known } = &recovery.previous;
    LogRecovered {
        epoch: Public(recovery.epoch.into()),
        kept_origin: Public(kept.origin.clone()),
        kept_size: Public(kept.tree.size),
        kept_root: Public(kept.tree.root.to_hex()),
        known_origin: Public(known.as_ref().map(|known| known.origin.clone())),
        known_size: Public(known.as_ref().map(|known| known.tree.size)),
        known_root: Public(known.as_ref().map(|known| known.tree.root.to_hex())),
        lost: Public(recovery.previous.lost()),
    }
}
