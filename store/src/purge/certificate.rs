//! The last transaction: the tenant's record goes, and a signed certificate says what is gone.

use audit::{hash::Hash, note::Note};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_checkpoint, audit_head, audit_purge};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde_json::json;

use super::{
    plan::find,
    refused,
    step::{note, take_rest},
};
use crate::{
    Store, StoreError, Tx,
    conn::Conn,
    event::{
        TenantPurged,
        class::{CollectedHead, Public, Target},
    },
    ledger::{LogId, key},
    log::log_origin,
    revocation::Revoked,
    sequence,
    system::Duty,
    tx::{TenantCheck, enter_tenant},
};

/// What stands in the `certificate` of every certificate this version writes.
pub const CERTIFICATE: &str = "tenant-purge/1";

/// A purge that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The tenant that was.
    pub tenant: TenantId,
    /// When nothing was left.
    pub done_at: DateTime<Utc>,
    /// The note, signed by the system log's key: `<origin>/purge`, then the certificate as JSON.
    pub note: String,
}

impl Certificate {
    /// That of a purge; `None` while it is not done.
    #[must_use]
    pub fn of(purge: audit_purge::Model) -> Option<Self> {
        Some(Self {
            tenant: purge.tenant_id,
            done_at: purge.done_at?,
            note: purge.certificate?,
        })
    }
}

impl Store {
    /// Ends a purge: takes the tenant's record and whatever came meanwhile, signs the certificate, and enters it and
    /// the end of the tenant's log into the system log, all in one transaction. Done twice, it happens once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when no purge has begun, the tenant's log is not sealed (take the next step again), or
    /// the system log is not in order.
    pub async fn finish_purge(&self, tenant: TenantId) -> Result<Certificate, StoreError> {
        let mut tx = self.begin_duty(Duty::Purge, TenantId::SYSTEM).await?;
        // Whoever ends the same purge at the same time waits here, and then finds it done.
        let head = sequence::lock_head(tx.conn(), TenantId::SYSTEM).await?;
        enter_tenant(tx.conn(), tenant, TenantCheck::None).await?;
        let begun = find(tx.conn(), tenant).await?;
        let begun = begun.ok_or_else(|| refused("no purge of this tenant is under way"))?;
        if let Some(done) = Certificate::of(begun.clone()) {
            return Ok(done);
        }
        let end = LogEnd::read(self, tx.conn(), tenant).await?;
        let rest = take_rest(tx.conn(), tenant).await?;
        note(tx.conn(), tenant, rest + 1).await?;
        let sql = "DELETE FROM tenant WHERE id = $1";
        tx.conn()
            .execute_raw(tx.conn().sql(sql, [tenant.into()]))
            .await?;
        let rows = begun.row_count.unsigned_abs() + rest + 1;
        let document = tx.document(&begun, rows, &end)?;
        // The key is the system log's, and the database shows one log's rows at a time.
        enter_tenant(tx.conn(), TenantId::SYSTEM, TenantCheck::None).await?;
        let signed = tx.signed(&head, &document).await?;
        enter_tenant(tx.conn(), tenant, TenantCheck::None).await?;
        let event = TenantPurged {
            tenant: Target(tenant),
            phase: Public("done"),
            plan: Public(begun.plan.clone()),
            rows: Public(rows),
            log: Public(vec![end.head.clone()]),
            certificate: Public(Hash::of(signed.as_bytes()).to_hex()),
        };
        let values: [Value; 3] = [tx.now().into(), signed.clone().into(), tenant.into()];
        let statement = tx.conn().sql(
            "UPDATE audit_purge SET done_at = $1, certificate = $2 WHERE tenant_id = $3",
            values,
        );
        tx.conn().execute_raw(statement).await?;
        enter_tenant(tx.conn(), TenantId::SYSTEM, TenantCheck::None).await?;
        let done_at = tx.now();
        tx.revoke(Revoked::Tenant(tenant)).await?;
        tx.commit_appended(head, event).await?;
        Ok(Certificate {
            tenant,
            done_at,
            note: signed,
        })
    }
}

impl Tx {
    fn document(
        &self,
        begun: &audit_purge::Model,
        rows: u64,
        end: &LogEnd,
    ) -> Result<String, StoreError> {
        let plan: serde_json::Value =
            serde_json::from_str(&begun.document).map_err(StoreError::internal)?;
        let document = json!({
            "certificate": CERTIFICATE,
            "tenant": begun.tenant_id.to_string(),
            "by": Duty::Purge.as_str(),
            "reference": plan["reference"],
            "deactivatedAt": plan["deactivatedAt"],
            "exportedAt": plan["exportedAt"],
            "begunAt": begun.begun_at,
            "doneAt": self.now(),
            "plan": begun.plan,
            "rowsDeleted": rows,
            "tables": plan["tables"],
            "objects": plan["areas"],
            "log": {
                "origin": end.head.origin,
                "size": end.head.size,
                "root": end.head.root,
                "checkpoint": end.checkpoint,
                "disclosuresLeft": end.disclosures,
            },
        });
        serde_json::to_string_pretty(&document).map_err(StoreError::internal)
    }

    /// The note, signed by every key of the system log that is in force.
    async fn signed(&self, head: &audit_head::Model, document: &str) -> Result<String, StoreError> {
        let store = self.store();
        let log = LogId {
            tenant: TenantId::SYSTEM,
            epoch: head.epoch,
        };
        let deployment = store.deployment_in(self.conn()).await?;
        let origin = log_origin(&deployment, log.tenant, log.epoch);
        let live = key::live(store, self.conn(), log, head.size).await?;
        let (keys, _) = live.map_err(|cause| refused(format!("nothing can be signed: {cause}")))?;
        let text = format!("{origin}/purge\n{document}\n");
        let mut note = Note::new(text).map_err(StoreError::internal)?;
        for live in &keys {
            note.sign(&origin, &live.key)
                .map_err(StoreError::internal)?;
        }
        Ok(note.to_string())
    }
}

/// Where the tenant's log ends.
struct LogEnd {
    head: CollectedHead,
    checkpoint: String,
    /// Those of closed epochs, which no entry can announce any more.
    disclosures: u64,
}

impl LogEnd {
    async fn read(store: &Store, conn: &Conn, tenant: TenantId) -> Result<Self, StoreError> {
        let head = sequence::lock_head(conn, tenant).await?;
        let waiting = count(conn, "audit_outbox", "", tenant).await?;
        let newest = format!(" AND epoch = {}", head.epoch);
        let open = count(conn, "audit_disclosure", &newest, tenant).await?;
        if waiting + open > 0 {
            return Err(refused("the tenant's log is not sealed yet"));
        }
        let values: [Value; 3] = [tenant.into(), head.epoch.into(), head.size.into()];
        let statement = conn.sql(
            "SELECT * FROM audit_checkpoint WHERE tenant_id = $1 AND epoch = $2 AND size = $3",
            values,
        );
        let found = audit_checkpoint::Model::find_by_statement(statement);
        let checkpoint = found.one(conn).await?;
        let checkpoint =
            checkpoint.ok_or_else(|| refused("the tenant's log has no signed end; verify it"))?;
        pin(conn, &checkpoint).await?;
        let deployment = store.deployment_in(conn).await?;
        Ok(Self {
            head: CollectedHead {
                origin: log_origin(&deployment, tenant, head.epoch),
                size: head.size.unsigned_abs(),
                root: data_encoding::HEXLOWER.encode(&checkpoint.root),
            },
            checkpoint: checkpoint.note,
            disclosures: count(conn, "audit_disclosure", "", tenant).await?,
        })
    }
}

/// What a certificate shows must stay, whatever comes in the same minute.
async fn pin(conn: &Conn, checkpoint: &audit_checkpoint::Model) -> Result<(), StoreError> {
    let values: [Value; 3] = [
        checkpoint.tenant_id.into(),
        checkpoint.epoch.into(),
        checkpoint.size.into(),
    ];
    let statement = conn.sql(
        "UPDATE audit_checkpoint SET pinned = TRUE \
         WHERE tenant_id = $1 AND epoch = $2 AND size = $3",
        values,
    );
    conn.execute_raw(statement).await?;
    Ok(())
}

async fn count(conn: &Conn, table: &str, more: &str, tenant: TenantId) -> Result<u64, StoreError> {
    let sql = format!("SELECT COUNT(*) FROM {table} WHERE tenant_id = $1{more}");
    let row = conn.query_one_raw(conn.sql(&sql, [tenant.into()])).await?;
    let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
    let count: i64 = row.try_get_by_index(0)?;
    Ok(count.unsigned_abs())
}
