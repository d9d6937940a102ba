//! Which deployment this database belongs to, and whether this master key opens it.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use entity::{TenantId, deployment};
use sea_orm::{ActiveValue::Set, EntityTrait};
use subtle::ConstantTimeEq;

use crate::{
    Store, StoreError, conn::Conn, event::OperatorCreated, keys::Label, log, system::Duty,
};

/// The deployment's fixed names: chosen once, part of every log's origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Eight hex digits.
    pub name: String,
    /// The domain in every origin.
    pub audit_domain: String,
    /// When it was set up.
    pub created_at: DateTime<Utc>,
}

/// Why a database cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// Nobody has bootstrapped it.
    #[error("this database has no deployment yet; run `strongroom bootstrap`")]
    NotBootstrapped,
    /// The master key is not the one it was set up with.
    #[error(
        "STRONGROOM_MASTER_KEY is not the key this database was set up with (it has key number \
         {stored}); give the original key"
    )]
    WrongMasterKey {
        /// Number of the key in force.
        stored: i32,
    },
    /// As the database says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The deployment, once it exists and this master key is its own.
    ///
    /// # Errors
    /// See [`DeploymentError`].
    pub async fn deployment(&self) -> Result<Deployment, DeploymentError> {
        self.deployment_cell()
            .get_or_try_init(|| async {
                let conn = self.database().begin_read().await?;
                let row = read(&conn).await?.ok_or(DeploymentError::NotBootstrapped)?;
                self.check_master(&row)?;
                Ok(Deployment {
                    name: row.name,
                    audit_domain: row.audit_domain,
                    created_at: row.created_at,
                })
            })
            .await
            .cloned()
    }

    fn check_master(&self, row: &deployment::Model) -> Result<(), DeploymentError> {
        let own = self.master().derive(Label::Check);
        if bool::from(own.as_slice().ct_eq(&row.master_check)) {
            Ok(())
        } else {
            Err(DeploymentError::WrongMasterKey {
                stored: row.master_no,
            })
        }
    }

    /// Sets the deployment up: its names, the system log, and its first operator's record. Does
    /// nothing to a database that has one; returns whether it was this call that did it.
    ///
    /// # Errors
    /// As the database says.
    pub async fn found_deployment(
        &self,
        audit_domain: &str,
        operator: crate::user::NewOperator,
    ) -> Result<Option<entity::OperatorId>, DeploymentError> {
        let tx = self.begin_duty(Duty::Bootstrap, TenantId::SYSTEM).await?;
        if read(tx.conn()).await?.is_some() {
            return Ok(None);
        }
        let deployment = self.insert_deployment(tx.conn(), audit_domain).await?;
        log::begin(
            tx.conn(),
            self.master(),
            &deployment,
            TenantId::SYSTEM,
            self.now(),
        )
        .await?;
        let (id, event): (_, OperatorCreated) = tx.insert_operator(operator).await?;
        tx.commit(event).await?;
        Ok(Some(id))
    }

    async fn insert_deployment(
        &self,
        conn: &Conn,
        audit_domain: &str,
    ) -> Result<Deployment, StoreError> {
        let mut name = [0; 4];
        getrandom::fill(&mut name).map_err(StoreError::internal)?;
        let deployment = Deployment {
            name: HEXLOWER.encode(&name),
            audit_domain: audit_domain.to_owned(),
            created_at: self.now(),
        };
        let row = deployment::ActiveModel {
            id: Set(1),
            name: Set(deployment.name.clone()),
            audit_domain: Set(deployment.audit_domain.clone()),
            master_no: Set(self.master().number()),
            master_check: Set(self.master().derive(Label::Check).to_vec()),
            created_at: Set(deployment.created_at),
        };
        deployment::Entity::insert(row)
            .exec_without_returning(conn)
            .await
            .map_err(StoreError::from)?;
        Ok(deployment)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deployment's one row is no tenant's"
)]
async fn read(conn: &Conn) -> Result<Option<deployment::Model>, StoreError> {
    Ok(deployment::Entity::find_by_id(1).one(conn).await?)
}
