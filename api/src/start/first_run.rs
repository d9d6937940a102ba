//! The first start: an operator, a tenant with its owner, a key; shown once and stored nowhere.

use std::{fmt, fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use data_encoding::BASE64URL_NOPAD;
use policy::{Scopes, Tier};
use secrecy::ExposeSecret;
use serde::Serialize;
use store::{
    Store,
    api_key::NewApiKey,
    bootstrap::NewDeployment,
    tenant::NewTenant,
    user::{NewOperator, NewUser},
};

use super::StartError;
use crate::{adapter::password::Passwords, config::Config};

const OPERATOR_EMAIL: &str = "operator@example.com";
const OWNER_EMAIL: &str = "owner@example.com";
const TENANT_SLUG: &str = "demo";

/// What the first start made. Holds secrets: `Debug` shows none.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstRun {
    /// The server.
    pub url: String,
    /// The operators' GraphQL endpoint.
    pub operator_url: String,
    /// The operator's address.
    pub operator_email: String,
    /// The operator's password.
    pub operator_password: String,
    /// The tenant.
    pub tenant_id: String,
    /// Its short name.
    pub tenant_slug: String,
    /// The owner's address.
    pub owner_email: String,
    /// The owner's password.
    pub owner_password: String,
    /// A key with every scope.
    pub api_key: String,
}

impl fmt::Debug for FirstRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FirstRun(tenant {})", self.tenant_id)
    }
}

impl FirstRun {
    /// Writes it as JSON into a new file of mode 0600.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }
}

impl fmt::Display for FirstRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Strongroom is set up. This is shown once:\n")?;
        writeln!(f, "  server      {}", self.url)?;
        writeln!(
            f,
            "  operator    {}  {}",
            self.operator_email, self.operator_password
        )?;
        writeln!(f, "              {}", self.operator_url)?;
        writeln!(f, "  tenant      {}  {}", self.tenant_slug, self.tenant_id)?;
        writeln!(
            f,
            "  owner       {}  {}",
            self.owner_email, self.owner_password
        )?;
        writeln!(f, "  API key     {}\n", self.api_key)?;
        writeln!(f, "Try it (upload, query, verify):\n")?;
        let Self { url, api_key, .. } = self;
        writeln!(
            f,
            "  curl -sS -H 'Authorization: Bearer {api_key}' -T README.md {url}/v1/files/workspace/doc/hello/README.md"
        )?;
        writeln!(
            f,
            "  curl -sS -H 'Authorization: Bearer {api_key}' -H 'Content-Type: application/json' {url}/graphql \
             -d '{{\"query\":\"{{ viewer {{ tenant {{ name files(first: 5) {{ nodes {{ id filename sha256 state }} }} }} }} }}\"}}'"
        )?;
        writeln!(
            f,
            "  curl -sS -H 'Authorization: Bearer {api_key}' '{url}/v1/audit/verify?full=true'"
        )
    }
}

/// Sets the deployment up unless somebody has.
pub(super) async fn bootstrap(
    config: &Config,
    store: &Store,
) -> Result<Option<FirstRun>, StartError> {
    match store.deployment().await {
        Ok(_) => return Ok(None),
        Err(store::bootstrap::DeploymentError::NotBootstrapped) => {}
        Err(error) => return Err(error.into()),
    }
    let operator_password = password()?;
    let owner_password = password()?;
    let passwords = Passwords::new();
    let new = NewDeployment {
        audit_domain: config.server.audit_domain.clone(),
        operator: NewOperator {
            email: OPERATOR_EMAIL.to_owned(),
            name: "Operator".to_owned(),
            password_hash: passwords.hash(&operator_password).await?,
        },
        tenant: NewTenant {
            slug: TENANT_SLUG.to_owned(),
            name: "Demo".to_owned(),
            tier: Tier::Professional,
            owner: NewUser {
                email: OWNER_EMAIL.to_owned(),
                name: "Owner".to_owned(),
                password_hash: passwords.hash(&owner_password).await?,
            },
        },
        key: NewApiKey {
            name: "first key".to_owned(),
            scopes: Scopes::all(),
            expires_at: None,
            cidrs: Vec::new(),
        },
    };
    let founded = store
        .bootstrap(new)
        .await
        .map_err(|error| StartError::Bootstrap(format!("{error:?}")))?;
    let url = config.server.public_url.as_str().to_owned();
    Ok(founded.map(|founded| FirstRun {
        operator_url: format!("{url}/operator/graphql"),
        url,
        operator_email: OPERATOR_EMAIL.to_owned(),
        operator_password,
        tenant_id: founded.tenant.id.to_string(),
        tenant_slug: founded.tenant.slug,
        owner_email: OWNER_EMAIL.to_owned(),
        owner_password,
        api_key: founded.secret.expose_secret().to_owned(),
    }))
}

/// 144 random bits, easy to copy.
fn password() -> Result<String, StartError> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(StartError::Randomness)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}
