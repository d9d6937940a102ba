//! The cosigner: a key of the deployment that states when a log had which head.
//!
//! It signs the newest checkpoint of every log at least hourly, also when nothing happened, so that
//! silence shows as silence. A key of its own, because a time that the log vouches for itself proves
//! nothing; it lives in the same process, so that it proves little against whoever owns that.

mod due;

use audit::note::{CosignerKey, VerifierKey};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_cosigner};
use sea_orm::{EntityTrait, QueryOrder};

use crate::{
    Store, StoreError,
    bootstrap::Deployment,
    conn::{Conn, insert},
    event::{CosignerCreated, class::Public},
    keys::Label,
    log::new_seed,
    seal, sequence,
    system::{Duty, Reason},
};

const FIRST_KEY: i32 = 1;
/// Checkpoints that are cosigned in one transaction.
const BATCH: usize = 100;

/// The key and the name it signs under.
pub(super) struct Cosigner {
    name: String,
    key: CosignerKey,
}

/// The name of the cosigner's key.
pub(crate) fn name(deployment: &Deployment) -> String {
    format!("audit.{}/{}/time", deployment.audit_domain, deployment.name)
}

/// Ties a sealed seed to its row.
pub(crate) fn seal_context(key_no: i32) -> Vec<u8> {
    format!("audit_cosigner/{key_no}").into_bytes()
}

/// The newest row.
#[expect(
    clippy::disallowed_methods,
    reason = "the cosigner is the deployment's, no tenant's"
)]
pub(crate) async fn find(conn: &Conn) -> Result<Option<audit_cosigner::Model>, StoreError> {
    Ok(audit_cosigner::Entity::find()
        .order_by_desc(audit_cosigner::Column::KeyNo)
        .one(conn)
        .await?)
}

/// The key of a row, as signed notes write it.
pub(crate) fn verifier(deployment: &Deployment, public: &[u8]) -> Result<VerifierKey, StoreError> {
    let public = public
        .try_into()
        .map_err(|_| StoreError::internal("a public key without 32 bytes"))?;
    VerifierKey::cosigner(&name(deployment), public).map_err(StoreError::internal)
}

impl Store {
    /// Cosigns the newest checkpoint of every log that was not cosigned at `not_since` or later, in
    /// transactions of bounded size. Makes the key the first time. Returns how many it cosigned.
    ///
    /// # Errors
    /// As the database says; what was cosigned until then stays.
    pub async fn cosign_due(&self, not_since: DateTime<Utc>) -> Result<u64, StoreError> {
        let cosigner = self.cosigner().await?;
        let (mut done, mut after) = (0, None);
        loop {
            let tx = self.begin_system(Reason::Cosigning).await?;
            let conn = tx.conn();
            let due = due::find(conn, not_since, after, BATCH).await?;
            let now = sequence::database_now(self, conn).await?;
            for log in &due {
                done += u64::from(log.cosign(self, conn, &cosigner, now).await?);
            }
            tx.commit_without_event().await?;
            match due.last() {
                Some(last) if due.len() == BATCH => after = Some(last.tenant()),
                _ => return Ok(done),
            }
        }
    }

    async fn cosigner(&self) -> Result<Cosigner, StoreError> {
        let deployment = self.deployment().await.map_err(StoreError::internal)?;
        let conn = self.database().begin_job_read().await?;
        let found = find(&conn).await?;
        drop(conn);
        let row = match found {
            Some(row) => row,
            None => self.create_cosigner(&deployment).await?,
        };
        let master = self.masters().numbered(row.master_no);
        let master = master.ok_or_else(|| {
            StoreError::internal("the cosigner's key is sealed under another master key")
        })?;
        let sealing = master.derive(Label::AuditKeySeal);
        let seed = seal::open(&sealing, &seal_context(row.key_no), &row.sealed);
        let seed = seed
            .as_ref()
            .and_then(|seed| seed.as_slice().try_into().ok());
        let key = seed.map(CosignerKey::from_seed);
        let key = key.filter(|key| key.public().as_slice() == row.public);
        Ok(Cosigner {
            name: name(&deployment),
            key: key.ok_or_else(|| StoreError::internal("the cosigner's key does not open"))?,
        })
    }

    async fn create_cosigner(
        &self,
        deployment: &Deployment,
    ) -> Result<audit_cosigner::Model, StoreError> {
        let tx = self.begin_duty(Duty::Cosigner, TenantId::SYSTEM).await?;
        let head = sequence::lock_head(tx.conn(), TenantId::SYSTEM).await?;
        if let Some(row) = find(tx.conn()).await? {
            return Ok(row);
        }
        let seed = new_seed()?;
        let sealing = self.master().derive(Label::AuditKeySeal);
        let row = audit_cosigner::Model {
            key_no: FIRST_KEY,
            master_no: self.master().number(),
            sealed: seal::seal(&sealing, &seal_context(FIRST_KEY), seed.as_slice())?,
            public: CosignerKey::from_seed(&seed).public().to_vec(),
            created_at: tx.now(),
        };
        insert(tx.conn(), row.clone()).await?;
        let event = CosignerCreated {
            key_no: Public(FIRST_KEY.into()),
            vkey: Public(verifier(deployment, &row.public)?.to_string()),
        };
        tx.commit_appended(head, event).await?;
        Ok(row)
    }
}
