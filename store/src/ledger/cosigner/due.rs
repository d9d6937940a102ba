//! Logs whose newest checkpoint needs the time.

use audit::{
    checkpoint::Checkpoint,
    note::{Note, VerifierKey},
};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use entity::TenantId;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::Cosigner;
use crate::{Store, StoreError, conn::Conn, ledger::LogId, log::log_origin};

/// A log's newest checkpoint.
pub(super) struct Due {
    log: LogId,
    size: i64,
    root: Vec<u8>,
    note: String,
}

/// The first `limit` of the tenants behind `after`.
pub(super) async fn find(
    conn: &Conn,
    not_since: DateTime<Utc>,
    after: Option<TenantId>,
    limit: usize,
) -> Result<Vec<Due>, StoreError> {
    let mut values: Vec<Value> = vec![not_since.into()];
    let behind = if after.is_some() {
        "AND h.tenant_id > $2"
    } else {
        ""
    };
    values.extend(after.map(Value::from));
    let sql = format!(
        "SELECT h.tenant_id, h.epoch, c.size, c.root, c.note FROM audit_head h \
         JOIN audit_checkpoint c ON c.tenant_id = h.tenant_id AND c.epoch = h.epoch \
         AND c.size = h.size WHERE h.state = 'ok' {behind} AND NOT EXISTS \
         (SELECT 1 FROM audit_checkpoint t WHERE t.tenant_id = h.tenant_id \
         AND t.epoch = h.epoch AND t.cosigned_at >= $1) ORDER BY h.tenant_id LIMIT {limit}"
    );
    let rows = conn.query_all_raw(conn.sql(&sql, values)).await?;
    rows.iter().map(due).collect()
}

fn due(row: &QueryResult) -> Result<Due, StoreError> {
    Ok(Due {
        log: LogId {
            tenant: row.try_get("", "tenant_id")?,
            epoch: row.try_get("", "epoch")?,
        },
        size: row.try_get("", "size")?,
        root: row.try_get("", "root")?,
        note: row.try_get("", "note")?,
    })
}

impl Due {
    pub(super) fn tenant(&self) -> TenantId {
        self.log.tenant
    }

    /// Whether it was cosigned: not when the log has moved on meanwhile, whose newer checkpoint is then
    /// due; and not when it is none that the log has signed.
    pub(super) async fn cosign(
        &self,
        store: &Store,
        conn: &Conn,
        cosigner: &Cosigner,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(mut note) = self.open(store, conn).await? else {
            tracing::error!(tenant.id = %self.log.tenant, "a checkpoint was not cosigned: the log did not sign it");
            return Ok(false);
        };
        let second = TimeDelta::seconds(1);
        let at = now.duration_trunc(second).map_err(StoreError::internal)?;
        let time = u64::try_from(at.timestamp()).map_err(StoreError::internal)?;
        note.cosign(&cosigner.name, &cosigner.key, time)
            .map_err(StoreError::internal)?;
        self.keep(conn, &note.to_string(), at).await
    }

    /// The note, if a key in force has signed it and the columns agree.
    async fn open(&self, store: &Store, conn: &Conn) -> Result<Option<Note>, StoreError> {
        let deployment = store.deployment().await.map_err(StoreError::internal)?;
        let origin = log_origin(&deployment, self.log.tenant, self.log.epoch);
        let keys = keys(conn, self.log, &origin).await?;
        let Ok(note) = Note::parse(self.note.as_bytes()) else {
            return Ok(None);
        };
        let is_own = Checkpoint::open(&note, &keys).is_ok_and(|opened| {
            let Checkpoint { origin: of, tree } = opened.checkpoint;
            of == origin
                && i64::try_from(tree.size) == Ok(self.size)
                && tree.root.0.as_slice() == self.root
        });
        Ok(is_own.then_some(note))
    }

    async fn keep(&self, conn: &Conn, note: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let values: [Value; 6] = [
            note.to_owned().into(),
            at.into(),
            self.log.tenant.into(),
            self.log.epoch.into(),
            self.size.into(),
            self.note.clone().into(),
        ];
        let statement = conn.sql(
            "UPDATE audit_checkpoint SET note = $1, cosigned_at = $2, pinned = TRUE \
             WHERE tenant_id = $3 AND epoch = $4 AND size = $5 AND note = $6",
            values,
        );
        Ok(conn.execute_raw(statement).await?.rows_affected() == 1)
    }
}

async fn keys(conn: &Conn, log: LogId, origin: &str) -> Result<Vec<VerifierKey>, StoreError> {
    let statement = conn.sql(
        "SELECT public FROM audit_key WHERE tenant_id = $1 AND epoch = $2 AND retired_at IS NULL",
        [log.tenant.into(), log.epoch.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        let public: Vec<u8> = row.try_get("", "public")?;
        let public = public.as_slice().try_into().ok();
        keys.extend(public.and_then(|public| VerifierKey::log(origin, public).ok()));
    }
    Ok(keys)
}
