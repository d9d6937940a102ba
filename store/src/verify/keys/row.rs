//! A key as it is stored.

use audit::genesis::LogKey;
use sea_orm::ConnectionTrait;

use super::super::cells::{Cells, time};
use crate::{Store, StoreError, conn::Conn, keys::Label, ledger::LogId, log::seal_context, seal};

/// The key's row.
pub(super) struct KeyRow {
    pub(super) epoch: i64,
    pub(super) key_no: i64,
    master_no: i64,
    sealed: Vec<u8>,
    pub(super) public: Vec<u8>,
    pub(super) created_at_micros: i64,
    pub(super) retired_at_micros: Option<i64>,
}

/// Every row of the tenant, those of epochs that never began included.
pub(super) async fn read(conn: &Conn, log: LogId) -> Result<Vec<KeyRow>, StoreError> {
    let (created_at, retired_at) = (time(conn, "created_at"), time(conn, "retired_at"));
    let statement = conn.sql(
        &format!(
            "SELECT CAST(epoch AS bigint), CAST(key_no AS bigint), CAST(master_no AS bigint), \
             sealed, public, {created_at}, {retired_at}, \
             CAST(CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END AS bigint) \
             FROM audit_key WHERE tenant_id = $1 ORDER BY epoch, key_no"
        ),
        [log.tenant.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let keys = rows.iter().map(|row| {
        let cells = Cells::new(conn, row);
        let retired_at = cells.micros(6)?;
        Ok(KeyRow {
            epoch: cells.int(0)?,
            key_no: cells.int(1)?,
            master_no: cells.int(2)?,
            sealed: cells.bytes(3)?,
            public: cells.bytes(4)?,
            created_at_micros: cells.micros(5)?,
            retired_at_micros: cells.is_set(7)?.then_some(retired_at),
        })
    });
    keys.collect()
}

impl KeyRow {
    /// What is left of a key whose seed must be gone.
    pub(super) fn remains(&self) -> Option<&'static str> {
        let is_gone = self.sealed.is_empty() && self.master_no == 0;
        (!is_gone).then_some("the seed of a key that was replaced is still there")
    }

    pub(super) fn seed_damage(&self, store: &Store, log: LogId) -> Option<&'static str> {
        let number = i32::try_from(self.master_no).ok();
        let Some(master) = number.and_then(|number| store.masters().numbered(number)) else {
            return Some(
                "the number of the master key beside the log's key is not the one in force",
            );
        };
        let sealing = master.derive(Label::AuditKeySeal);
        let key_no = i32::try_from(self.key_no).unwrap_or(0);
        let context = seal_context(log.tenant, log.epoch, key_no);
        let Some(seed) = seal::open(&sealing, &context, &self.sealed) else {
            return Some("the sealed seed of the log's key does not open");
        };
        match <&[u8; 32]>::try_from(seed.as_slice()) {
            Ok(seed) if LogKey::from_seed(seed).public().as_slice() == self.public => None,
            _ => Some("the sealed seed is not that of the log's key"),
        }
    }
}
