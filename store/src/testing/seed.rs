//! What most tests start from.

use entity::{ApiKeyId, MemberId, OperatorId, TenantId};
use policy::{Role, Scopes, TenantStep, Tier};
use secrecy::SecretString;
use uuid::Uuid;

use super::{TestingError, actor, key_actor, operator};
use crate::{
    Actor, Operator, Store,
    api_key::NewApiKey,
    bootstrap::NewDeployment,
    tenant::NewTenant,
    user::{NewOperator, NewUser},
};

/// An argon2id hash of no known password.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A founded deployment with one tenant.
#[derive(Debug)]
pub struct Seed {
    /// The first operator.
    pub operator: OperatorId,
    /// The tenant, on the tier `professional`, active.
    pub tenant: TenantId,
    /// Its owner's membership.
    pub owner: MemberId,
    /// A key of the owner with every scope.
    pub key: ApiKeyId,
    /// The key's token.
    pub secret: SecretString,
}

impl Seed {
    /// The owner's person acting in `role`.
    #[must_use]
    pub fn actor(&self, role: Role) -> Actor {
        actor(self.tenant, self.owner, role)
    }

    /// The key acting.
    #[must_use]
    pub fn key_actor(&self) -> Actor {
        key_actor(self.tenant, self.key, Scopes::all(), Role::Owner)
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> Operator {
        operator(self.operator)
    }
}

/// Sets the deployment up with its first tenant.
///
/// # Errors
/// As the store says; also when the deployment is set up already.
pub async fn seed(store: &Store) -> Result<Seed, TestingError> {
    let new = NewDeployment {
        audit_domain: "strongroom.local".to_owned(),
        operator: NewOperator {
            email: "operator@example.com".to_owned(),
            name: "Operator".to_owned(),
            password_hash: PASSWORD_HASH.to_owned(),
        },
        tenant: new_tenant(),
        key: NewApiKey {
            name: "Test".to_owned(),
            scopes: Scopes::all(),
            expires_at: None,
            cidrs: Vec::new(),
        },
    };
    let founded = store
        .bootstrap(new)
        .await?
        .ok_or_else(|| TestingError::Server("the deployment is set up already".to_owned()))?;
    Ok(Seed {
        operator: founded.operator,
        tenant: founded.tenant.id,
        owner: founded.owner,
        key: founded.key.id,
        secret: founded.secret,
    })
}

/// A further tenant, active, with an owner of its own.
///
/// # Errors
/// As the store says.
pub async fn another_tenant(
    store: &Store,
    seed: &Seed,
) -> Result<(TenantId, MemberId), TestingError> {
    let operator = seed.operator();
    let created = store.create_tenant(&operator, new_tenant()).await?;
    let id = created.tenant.id;
    store
        .step_tenant(&operator, TenantStep::Activate, id)
        .await?;
    Ok((id, created.owner))
}

fn new_tenant() -> NewTenant {
    let name = Uuid::now_v7().simple().to_string();
    NewTenant {
        slug: format!("t-{name}"),
        name: "Tenant".to_owned(),
        tier: Tier::Professional,
        owner: NewUser {
            email: format!("owner-{name}@example.com"),
            name: "Owner".to_owned(),
            password_hash: PASSWORD_HASH.to_owned(),
        },
    }
}
