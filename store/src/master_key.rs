//! Replacing the master key: what it has sealed is sealed anew under the next one.
//!
//! API keys cannot be: only their HMAC under a pepper of the old key is kept. They go on working for as
//! long as the old key is given beside the new one, and no longer.

mod sealed;

use chrono::{DateTime, Utc};
use entity::TenantId;
use sea_orm::ConnectionTrait;

use crate::{
    ConflictCode, Store, StoreError, bootstrap,
    conn::Conn,
    event::{MasterKeyRotated, class::Public},
    keys::{Label, MasterKey, MasterKeys},
    system::Duty,
};

/// What a replacement of the master key has done, and what is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MasterKeyRotation {
    /// Seeds that were sealed anew.
    pub resealed: u64,
    /// API keys that work only as long as the previous master key is given.
    pub api_keys_left: u64,
}

impl Store {
    /// Makes the current master key the one in force: seals every seed anew that the previous one had
    /// sealed, in one transaction. Harmless when run again: what was left under the old number follows.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the previous master key was not given, or does not open a seed.
    pub async fn rotate_master_key(&self) -> Result<MasterKeyRotation, StoreError> {
        let (old, new) = pair(self.masters())?;
        let tx = self
            .begin_duty_of_every_tenant(Duty::KeyRotation, TenantId::SYSTEM)
            .await?;
        let deployment = bootstrap::read(tx.conn()).await?;
        let deployment = deployment.ok_or_else(|| StoreError::internal("no deployment"))?;
        self.check_master(&deployment)
            .map_err(|error| refused(error.to_string()))?;
        let mut resealed = 0;
        for seed in sealed::under(tx.conn(), old.number()).await? {
            seed.reseal(tx.conn(), old, new).await?;
            resealed += 1;
        }
        take_over(tx.conn(), new).await?;
        let api_keys_left = api_keys(tx.conn(), new.number(), tx.now()).await?;
        tx.commit(MasterKeyRotated {
            master_no: Public(new.number().into()),
            retires: Public(old.number().into()),
            resealed: Public(resealed),
        })
        .await?;
        Ok(MasterKeyRotation {
            resealed,
            api_keys_left,
        })
    }
}

fn pair(masters: &MasterKeys) -> Result<(&MasterKey, &MasterKey), StoreError> {
    match masters.previous() {
        Some(previous) => Ok((previous, masters.current())),
        None => Err(refused("the previous master key is not given")),
    }
}

fn refused(message: impl Into<String>) -> StoreError {
    StoreError::conflict(ConflictCode::InvalidState, message)
}

async fn take_over(conn: &Conn, new: &MasterKey) -> Result<(), StoreError> {
    let check = new.derive(Label::Check).to_vec();
    let statement = conn.sql(
        "UPDATE deployment SET master_no = $1, master_check = $2 WHERE id = 1",
        [new.number().into(), check.into()],
    );
    conn.execute_raw(statement).await?;
    Ok(())
}

async fn api_keys(conn: &Conn, master_no: i32, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let statement = conn.sql(
        "SELECT COUNT(*) AS n FROM api_key \
         WHERE pepper_no <> $1 AND revoked_at IS NULL AND expires_at > $2",
        [master_no.into(), now.into()],
    );
    let row = conn.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
    let count: i64 = row.try_get("", "n")?;
    Ok(count.unsigned_abs())
}
