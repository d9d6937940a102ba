//! Which epochs a log has.

use audit::entry::Entry;
use entity::TenantId;
use sea_orm::{ConnectionTrait, Value};

use super::{cells::Cells, register::HeadRow};
use crate::{StoreError, conn::Conn, ledger::LogId, log::FIRST_EPOCH};

/// The epochs that have begun, ascending; never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Epochs(Vec<i32>);

impl Epochs {
    /// An epoch has begun when it has a head and entries, or a first entry.
    pub(super) async fn read(
        conn: &Conn,
        tenant: TenantId,
        heads: &[HeadRow],
    ) -> Result<Self, StoreError> {
        let mut begun = vec![FIRST_EPOCH];
        let later = "SELECT CAST(epoch AS bigint) FROM audit_entry \
                     WHERE tenant_id = $1 AND epoch > $2 AND seq = 0 ORDER BY epoch LIMIT 1";
        let mut last = FIRST_EPOCH;
        while let Some(epoch) = one(conn, later, [tenant.into(), last.into()]).await? {
            begun.push(epoch);
            last = epoch;
        }
        for head in heads.iter().filter(|head| head.epoch > FIRST_EPOCH) {
            let any = "SELECT CAST(epoch AS bigint) FROM audit_entry \
                       WHERE tenant_id = $1 AND epoch = $2 LIMIT 1";
            begun.extend(one(conn, any, [tenant.into(), head.epoch.into()]).await?);
        }
        begun.sort_unstable();
        begun.dedup();
        Ok(Self(begun))
    }

    pub(super) fn newest(&self) -> i32 {
        self.0.last().copied().unwrap_or(FIRST_EPOCH)
    }

    pub(super) fn contains(&self, epoch: i32) -> bool {
        self.0.contains(&epoch)
    }

    /// The epoch before one.
    pub(super) fn before(&self, epoch: i32) -> Option<i32> {
        self.0.iter().rev().find(|other| **other < epoch).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = i32> + '_ {
        self.0.iter().copied()
    }

    /// Conditions that together hold for every epoch that never began.
    pub(super) fn gaps(&self) -> Vec<String> {
        let mut gaps = vec![
            format!("epoch < {FIRST_EPOCH}"),
            format!("epoch > {}", self.newest()),
        ];
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        let wide = pairs.filter(|(low, high)| **high - **low > 1);
        gaps.extend(wide.map(|(low, high)| format!("epoch > {low} AND epoch < {high}")));
        gaps
    }
}

async fn one(conn: &Conn, sql: &str, values: [Value; 2]) -> Result<Option<i32>, StoreError> {
    let row = conn.query_one_raw(conn.sql(sql, values)).await?;
    let epoch = row.map(|row| Cells::new(conn, &row).int(0)).transpose()?;
    Ok(epoch.and_then(|epoch| i32::try_from(epoch).ok()))
}

/// The first entry; `None` when it is not there or is no entry, which is the walk's to report.
pub(super) async fn genesis(conn: &Conn, log: LogId) -> Result<Option<Entry>, StoreError> {
    let statement = conn.sql(
        "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = 0",
        [log.tenant.into(), log.epoch.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    let raw = row.map(|row| Cells::new(conn, &row).bytes(0)).transpose()?;
    Ok(raw.and_then(|raw| Entry::parse(&raw).ok()))
}
