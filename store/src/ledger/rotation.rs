//! Replacing the signing key of a log.
//!
//! A new key is introduced by an entry `audit.key`, signed by the old key and by the new one; from there
//! on every checkpoint is signed by both, until the old one retires: an entry `audit.key.retired` says so,
//! and its seed is destroyed. Whoever steals a seed that is gone cannot sign with it, and whoever has the
//! new one cannot have signed what came before.

use audit::{
    checkpoint::Checkpoint,
    genesis::{LogKey as SigningKey, vkey},
    note::{Note, VerifierKey},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::TenantId;
use policy::Action;
use sea_orm::{ConnectionTrait, Value};
use serde::Deserialize;

use super::LogId;
use crate::{
    ConflictCode, Events, Operator, Receipt, Store, StoreError, Tx,
    conn::Conn,
    event::{LogKeyRetired, LogKeyRotated, class::Public},
    idempotency::Earlier,
    log::{insert_key, log_origin, new_seed},
    sequence,
    system::Duty,
};

/// A key that came into use.
#[derive(Debug)]
pub struct RotatedKey {
    /// Its number; the log's first key has 1.
    pub key_no: i32,
    /// The log's name and the key, as signed notes write it.
    pub vkey: String,
    /// The number of the key it will replace.
    pub retires: i32,
    /// What was recorded.
    pub receipt: Receipt,
}

/// The part of a rotation's entry that names the key.
#[derive(Deserialize)]
struct RotationEntry {
    meta: RotationMeta,
}

#[derive(Deserialize)]
struct RotationMeta {
    key_no: i32,
    vkey: String,
    retires: i32,
}

/// A key of a log that still signs.
struct Live {
    key_no: i32,
    public: [u8; 32],
    created_at: DateTime<Utc>,
}

impl Store {
    /// Gives the log of `tenant` a new key beside its present one; [`TenantId::SYSTEM`] is the
    /// deployment's. The old key signs on until [`Self::retire_log_key`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] while an earlier key is still being replaced, and
    /// when the log is not in order.
    pub async fn rotate_log_key(
        &self,
        operator: &Operator,
        tenant: TenantId,
    ) -> Result<RotatedKey, StoreError> {
        let tx = self
            .begin_operator(operator, Action::AuditKeyRotate, tenant)
            .await?;
        tx.rotate_log_key().await
    }

    /// As [`Self::rotate_log_key`], for whoever holds the machine, and for keys that have become old.
    ///
    /// # Errors
    /// As [`Self::rotate_log_key`].
    pub async fn rotate_log_key_by_duty(&self, tenant: TenantId) -> Result<RotatedKey, StoreError> {
        let tx = self.begin_duty(Duty::KeyRotation, tenant).await?;
        tx.rotate_log_key().await
    }

    /// The key that a repeated request gave its log the first time: its entry says which.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::Internal`] for the outcome of another request.
    pub async fn rotated_log_key(
        &self,
        operator: &Operator,
        earlier: &Earlier,
    ) -> Result<RotatedKey, StoreError> {
        self.view_operator(operator, Action::AuditKeyRotate).await?;
        let raw = earlier.entry().map(|entry| entry.raw.as_slice());
        let raw = raw.ok_or_else(|| StoreError::internal("a rotation that is not in its log"))?;
        let entry: RotationEntry = serde_json::from_slice(raw).map_err(StoreError::internal)?;
        Ok(RotatedKey {
            key_no: entry.meta.key_no,
            vkey: entry.meta.vkey,
            retires: entry.meta.retires,
            receipt: earlier.receipt(),
        })
    }

    /// Destroys the old key of a log whose new key has been in use for `overlap`. `None` when there is
    /// nothing to retire yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when no checkpoint that both keys signed covers the entry of the new key,
    /// and when the log is not in order.
    pub async fn retire_log_key(
        &self,
        tenant: TenantId,
        overlap: TimeDelta,
    ) -> Result<Option<Receipt>, StoreError> {
        let tx = self.begin_duty(Duty::KeyRotation, tenant).await?;
        tx.retire_log_key(overlap).await
    }

    /// Logs whose one key was made before `made_before`, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn aged_log_keys(
        &self,
        made_before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<TenantId>, StoreError> {
        self.logs_by_keys("COUNT(*) = 1", made_before, limit).await
    }

    /// Logs whose newest of several keys was made before `made_before`, oldest first.
    ///
    /// # Errors
    /// As the database says.
    pub async fn replaced_log_keys(
        &self,
        made_before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<TenantId>, StoreError> {
        self.logs_by_keys("COUNT(*) > 1", made_before, limit).await
    }

    async fn logs_by_keys(
        &self,
        how_many: &str,
        made_before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<TenantId>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let sql = format!(
            "SELECT k.tenant_id FROM audit_key k JOIN audit_head h \
             ON h.tenant_id = k.tenant_id AND h.epoch = k.epoch AND h.state = 'ok' \
             WHERE k.retired_at IS NULL GROUP BY k.tenant_id, k.epoch \
             HAVING {how_many} AND MAX(k.created_at) < $1 \
             ORDER BY MAX(k.created_at) LIMIT {limit}"
        );
        let rows = conn
            .query_all_raw(conn.sql(&sql, [made_before.into()]))
            .await?;
        let tenants = rows.iter().map(|row| Ok(row.try_get("", "tenant_id")?));
        tenants.collect()
    }
}

impl Tx {
    async fn rotate_log_key(self) -> Result<RotatedKey, StoreError> {
        let head = sequence::lock_head(self.conn(), self.tenant()).await?;
        let log = LogId {
            tenant: self.tenant(),
            epoch: head.epoch,
        };
        let live = live(self.conn(), log).await?;
        let [old] = live.as_slice() else {
            return Err(refused("a key of this log is still being replaced"));
        };
        let seed = new_seed()?;
        let key_no = old.key_no + 1;
        let master = self.store().master();
        insert_key(self.conn(), master, log, key_no, &seed, self.now()).await?;
        let origin = self.origin(log).await?;
        let vkey = vkey(&origin, &SigningKey::from_seed(&seed).public());
        let retires = old.key_no;
        let event = LogKeyRotated {
            key_no: Public(key_no.into()),
            retires: Public(retires.into()),
            vkey: Public(vkey.clone()),
        };
        Ok(RotatedKey {
            key_no,
            vkey,
            retires,
            receipt: self.commit_appended(head, event).await?,
        })
    }

    async fn retire_log_key(self, overlap: TimeDelta) -> Result<Option<Receipt>, StoreError> {
        let head = sequence::lock_head(self.conn(), self.tenant()).await?;
        let log = LogId {
            tenant: self.tenant(),
            epoch: head.epoch,
        };
        let live = live(self.conn(), log).await?;
        let [old, new] = live.as_slice() else {
            return Ok(None);
        };
        if new.created_at + overlap > self.now() {
            return Ok(None);
        }
        let origin = self.origin(log).await?;
        if !taken_over(self.conn(), log, &origin, &live).await? {
            return Err(refused(
                "no checkpoint signed by both keys covers the entry of the new one",
            ));
        }
        destroy(self.conn(), log, old.key_no, self.now()).await?;
        let event = LogKeyRetired {
            key_no: Public(old.key_no.into()),
        };
        Ok(Some(self.commit_appended(head, Events::from(event)).await?))
    }

    async fn origin(&self, log: LogId) -> Result<String, StoreError> {
        let deployment = self.store().deployment().await;
        let deployment = deployment.map_err(StoreError::internal)?;
        Ok(log_origin(&deployment, log.tenant, log.epoch))
    }
}

fn refused(cause: &str) -> StoreError {
    StoreError::conflict(ConflictCode::InvalidState, cause)
}

async fn live(conn: &Conn, log: LogId) -> Result<Vec<Live>, StoreError> {
    let statement = conn.sql(
        "SELECT key_no, public, created_at FROM audit_key \
         WHERE tenant_id = $1 AND epoch = $2 AND retired_at IS NULL ORDER BY key_no",
        [log.tenant.into(), log.epoch.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let live = rows.iter().map(|row| {
        let public: Vec<u8> = row.try_get("", "public")?;
        Ok(Live {
            key_no: row.try_get("", "key_no")?,
            public: public
                .try_into()
                .map_err(|_| StoreError::internal("a public key without 32 bytes"))?,
            created_at: row.try_get("", "created_at")?,
        })
    });
    live.collect()
}

/// Whether verifiers can get from the old key to the new one.
async fn taken_over(
    conn: &Conn,
    log: LogId,
    origin: &str,
    live: &[Live],
) -> Result<bool, StoreError> {
    let values: [Value; 3] = [
        log.tenant.into(),
        log.epoch.into(),
        Action::AuditKeyRotate.name().into(),
    ];
    let statement = conn.sql(
        "SELECT note FROM audit_checkpoint WHERE tenant_id = $1 AND epoch = $2 AND size > \
         (SELECT MAX(seq) FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND action = $3) \
         ORDER BY size LIMIT 1",
        values,
    );
    let Some(row) = conn.query_one_raw(statement).await? else {
        return Ok(false);
    };
    let note: String = row.try_get("", "note")?;
    let keys: Result<Vec<_>, _> = live
        .iter()
        .map(|live| VerifierKey::log(origin, &live.public))
        .collect();
    let keys = keys.map_err(StoreError::internal)?;
    let signers = Note::parse(note.as_bytes()).ok().and_then(|note| {
        Checkpoint::open(&note, &keys)
            .ok()
            .map(|o| o.log_keys.len())
    });
    Ok(signers == Some(keys.len()))
}

/// The seed goes for good; the public half stays, for checkpoints that it has signed.
async fn destroy(
    conn: &Conn,
    log: LogId,
    key_no: i32,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let values: [Value; 5] = [
        Vec::<u8>::new().into(),
        at.into(),
        log.tenant.into(),
        log.epoch.into(),
        key_no.into(),
    ];
    let statement = conn.sql(
        "UPDATE audit_key SET sealed = $1, master_no = 0, retired_at = $2 \
         WHERE tenant_id = $3 AND epoch = $4 AND key_no = $5 AND retired_at IS NULL",
        values,
    );
    conn.execute_raw(statement).await?;
    Ok(())
}
