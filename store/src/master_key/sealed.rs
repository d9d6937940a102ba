//! Seeds as they are kept, and sealing them anew.

use entity::TenantId;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::refused;
use crate::{
    StoreError,
    conn::Conn,
    keys::{Label, MasterKey},
    ledger::cosigner,
    log, seal,
};

/// A sealed seed, and how its row is named.
pub(super) struct Sealed {
    context: Vec<u8>,
    bytes: Vec<u8>,
    table: &'static str,
    row: Vec<(&'static str, Value)>,
}

/// Every seed that is sealed under that number.
pub(super) async fn under(conn: &Conn, master_no: i32) -> Result<Vec<Sealed>, StoreError> {
    let logs = conn.sql(
        "SELECT tenant_id, epoch, key_no, sealed FROM audit_key \
         WHERE master_no = $1 AND retired_at IS NULL",
        [master_no.into()],
    );
    let cosigners = conn.sql(
        "SELECT key_no, sealed FROM audit_cosigner WHERE master_no = $1",
        [master_no.into()],
    );
    let mut found = Vec::new();
    for row in conn.query_all_raw(logs).await? {
        found.push(of_log(&row)?);
    }
    for row in conn.query_all_raw(cosigners).await? {
        found.push(of_cosigner(&row)?);
    }
    Ok(found)
}

fn of_log(row: &QueryResult) -> Result<Sealed, StoreError> {
    let tenant: TenantId = row.try_get("", "tenant_id")?;
    let (epoch, key_no): (i32, i32) = (row.try_get("", "epoch")?, row.try_get("", "key_no")?);
    Ok(Sealed {
        context: log::seal_context(tenant, epoch, key_no),
        bytes: row.try_get("", "sealed")?,
        table: "audit_key",
        row: vec![
            ("tenant_id", tenant.into()),
            ("epoch", epoch.into()),
            ("key_no", key_no.into()),
        ],
    })
}

fn of_cosigner(row: &QueryResult) -> Result<Sealed, StoreError> {
    let key_no: i32 = row.try_get("", "key_no")?;
    Ok(Sealed {
        context: cosigner::seal_context(key_no),
        bytes: row.try_get("", "sealed")?,
        table: "audit_cosigner",
        row: vec![("key_no", key_no.into())],
    })
}

impl Sealed {
    pub(super) async fn reseal(
        &self,
        conn: &Conn,
        old: &MasterKey,
        new: &MasterKey,
    ) -> Result<(), StoreError> {
        let seed = seal::open(&old.derive(Label::AuditKeySeal), &self.context, &self.bytes);
        let seed = seed.ok_or_else(|| {
            refused(format!(
                "a seed in {} does not open under the previous key",
                self.table
            ))
        })?;
        let resealed = seal::seal(&new.derive(Label::AuditKeySeal), &self.context, &seed)?;
        let mut values: Vec<Value> = vec![resealed.into(), new.number().into()];
        let mut which = Vec::new();
        for (place, (column, value)) in (3..).zip(&self.row) {
            which.push(format!("{column} = ${place}"));
            values.push(value.clone());
        }
        let sql = format!(
            "UPDATE {} SET sealed = $1, master_no = $2 WHERE {}",
            self.table,
            which.join(" AND ")
        );
        conn.execute_raw(conn.sql(&sql, values)).await?;
        Ok(())
    }
}
