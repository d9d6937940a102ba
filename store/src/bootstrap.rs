//! Which deployment this database belongs to, and whether this master key opens it.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use entity::{MemberId, OperatorId, TenantId, api_key, deployment, tenant};
use policy::TenantStatus;
use sea_orm::{DbErr, EntityTrait};
use secrecy::SecretString;
use subtle::ConstantTimeEq;

use crate::{
    Events, Store, StoreError,
    api_key::NewApiKey,
    conn::{Conn, insert},
    error::is_duplicate,
    event::{Bootstrapped, class::Target},
    keys::Label,
    log,
    system::Duty,
    tenant::NewTenant,
    user::NewOperator,
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

impl From<deployment::Model> for Deployment {
    fn from(row: deployment::Model) -> Self {
        Self {
            name: row.name,
            audit_domain: row.audit_domain,
            created_at: row.created_at,
        }
    }
}

/// What a deployment begins with.
#[derive(Debug, Clone)]
pub struct NewDeployment {
    /// The domain in every log's origin.
    pub audit_domain: String,
    /// The first operator.
    pub operator: NewOperator,
    /// The first tenant and its owner.
    pub tenant: NewTenant,
    /// A key made by that owner.
    pub key: NewApiKey,
}

/// What a deployment has begun with.
#[derive(Debug)]
pub struct Founded {
    /// The first operator.
    pub operator: OperatorId,
    /// The first tenant.
    pub tenant: tenant::Model,
    /// Its owner's membership.
    pub owner: MemberId,
    /// The key's record.
    pub key: api_key::Model,
    /// The key, to be shown once.
    pub secret: SecretString,
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
            .get_or_try_init(|| self.read_deployment())
            .await
            .cloned()
    }

    /// The deployment as this transaction sees it: while it is being set up, nobody else does.
    pub(crate) async fn deployment_in(&self, conn: &Conn) -> Result<Deployment, StoreError> {
        if let Some(known) = self.deployment_cell().get() {
            return Ok(known.clone());
        }
        let row = read(conn)
            .await?
            .ok_or_else(|| StoreError::internal("a log without a deployment"))?;
        Ok(row.into())
    }

    /// As [`Self::deployment`], asked anew: another process may have replaced the master key.
    pub(crate) async fn read_deployment(&self) -> Result<Deployment, DeploymentError> {
        let conn = self.database().begin_read().await?;
        let row = read(&conn).await?.ok_or(DeploymentError::NotBootstrapped)?;
        self.check_master(&row)?;
        Ok(row.into())
    }

    pub(crate) fn check_master(&self, row: &deployment::Model) -> Result<(), DeploymentError> {
        let own = self.masters().numbered(row.master_no);
        let fits = own.is_some_and(|own| {
            let check = own.derive(Label::Check);
            check.as_slice().ct_eq(&row.master_check).into()
        });
        if fits {
            Ok(())
        } else {
            Err(DeploymentError::WrongMasterKey {
                stored: row.master_no,
            })
        }
    }

    /// Sets the deployment up in one transaction: its names, the system log, the first operator, the
    /// first tenant with its owner, and a key. `None` when somebody has done so already.
    ///
    /// # Errors
    /// As the database says; then nothing was set up.
    pub async fn bootstrap(&self, new: NewDeployment) -> Result<Option<Founded>, StoreError> {
        let tx = self
            .begin_duty_of_every_tenant(Duty::Bootstrap, TenantId::generate())
            .await?;
        if read(tx.conn()).await?.is_some() {
            return Ok(None);
        }
        let deployment = match self.insert_deployment(tx.conn(), &new.audit_domain).await {
            Ok(deployment) => deployment,
            Err(error) if is_duplicate(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let system = TenantId::SYSTEM;
        log::begin(tx.conn(), self.master(), &deployment, system, self.now()).await?;
        let (operator, operator_created) = tx.insert_operator(new.operator).await?;
        let (tenant, owner, tenant_created) = tx
            .insert_tenant(&deployment, new.tenant, TenantStatus::Active)
            .await?;
        let (key, secret, key_created) = tx.insert_api_key(owner, new.key).await?;
        let bootstrapped = Bootstrapped {
            operator: Target(operator),
            tenant: Target(tenant.id),
            key: Target(key.id),
        };
        tx.record_in(system, Events::from(operator_created).and(bootstrapped))
            .await?;
        tx.commit(Events::from(tenant_created).and(key_created))
            .await?;
        Ok(Some(Founded {
            operator,
            tenant,
            owner,
            key,
            secret,
        }))
    }

    async fn insert_deployment(
        &self,
        conn: &Conn,
        audit_domain: &str,
    ) -> Result<Deployment, DbErr> {
        let mut name = [0; 4];
        getrandom::fill(&mut name).map_err(|error| DbErr::Custom(error.to_string()))?;
        let deployment = Deployment {
            name: HEXLOWER.encode(&name),
            audit_domain: audit_domain.to_owned(),
            created_at: self.now(),
        };
        let row = deployment::Model {
            id: 1,
            name: deployment.name.clone(),
            audit_domain: deployment.audit_domain.clone(),
            master_no: self.master().number(),
            master_check: self.master().derive(Label::Check).to_vec(),
            created_at: deployment.created_at,
        };
        insert(conn, row).await?;
        Ok(deployment)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deployment's one row is no tenant's"
)]
pub(crate) async fn read(conn: &Conn) -> Result<Option<deployment::Model>, StoreError> {
    Ok(deployment::Entity::find_by_id(1).one(conn).await?)
}
