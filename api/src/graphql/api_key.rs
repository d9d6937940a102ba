//! API keys.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{ApiKeyId, api_key};
use policy::{Action, Scopes};
use secrecy::ExposeSecret;
use store::Snapshot;

use super::{
    context, page::connection, payload::payload, principal::Principal, scalar::DateTime,
    word::Scope,
};
use crate::{
    error::{Error, Failure},
    service,
};

/// An API key's record; its secret is not kept.
#[derive(Debug, Clone)]
pub struct ApiKey {
    row: api_key::Model,
}

impl ApiKey {
    pub(crate) fn new(row: api_key::Model) -> Self {
        Self { row }
    }
}

/// An API key's record; the secret is not kept.
#[Object]
impl ApiKey {
    /// `key_…`
    pub(crate) async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// What its owner calls it.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// How the key begins, to tell keys apart; no secret.
    async fn prefix(&self) -> String {
        format!("sr_live_{}", self.row.public_id)
    }

    /// What it was made for; it never does more than its creator's present role allows.
    async fn scopes(&self) -> Result<Vec<Scope>, Failure> {
        let scopes: Scopes = self.row.scopes.parse().map_err(Error::internal)?;
        Ok(scopes.iter().map(Scope::from).collect())
    }

    /// Networks it works from; empty means any.
    async fn cidrs(&self) -> Vec<&str> {
        self.row.cidrs.split_whitespace().collect()
    }

    /// Who made it.
    async fn created_by(&self) -> Principal {
        store::Principal::User(self.row.created_by).into()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// When it stops working.
    async fn expires_at(&self) -> DateTime {
        self.row.expires_at.into()
    }

    /// When it was last used, to the minute; null when it never was.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.row.last_used_at.map(Into::into)
    }

    /// When it was revoked; null when it was not.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.row.revoked_at.map(Into::into)
    }
}

connection!(ApiKeyConnection, ApiKeyEdge, ApiKey, "API keys");

payload! {
    /// The key that was made.
    ApiKeyCreatePayload, ApiKeyCreateUserError, ApiKeyCreateErrorCode {
        /// Its record.
        api_key: ApiKey,
        /// The key itself, for the `Authorization` header; shown this once. Null in the answer to a repetition
        /// (`Idempotency-Replayed: true`): who has lost it revokes the key and makes another.
        secret: String,
    } refuses { Invalid }
}

payload! {
    /// The key that was revoked.
    ApiKeyRevokePayload, ApiKeyRevokeUserError, ApiKeyRevokeErrorCode {
        /// Its record.
        api_key: ApiKey,
    } refuses { NotFound, Invalid }
}

/// What the key is to be.
#[derive(Debug, InputObject)]
pub struct ApiKeyCreateInput {
    /// What to call it; 1 to 200 characters.
    name: String,
    /// What it may do, within the creator's role; at least one.
    scopes: Vec<Scope>,
    /// When it ends; a year from now if it is not given.
    expires_at: Option<DateTime>,
    /// Networks it works from, such as `10.0.0.0/8`; any if it is not given.
    cidrs: Option<Vec<String>>,
}

/// Which key to revoke.
#[derive(Debug, InputObject)]
pub struct ApiKeyRevokeInput {
    /// `key_…`
    id: ID,
    /// Why, for the audit log; at most 1 000 characters.
    reason: Option<String>,
}

/// API keys.
#[derive(Debug, Default, Clone, Copy)]
pub struct ApiKeyMutation;

/// API keys.
#[Object]
impl ApiKeyMutation {
    /// Makes a key that acts for the tenant. Needs role owner or admin, signed in as a person; API keys cannot.
    async fn api_key_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the key is to be.")] input: ApiKeyCreateInput,
    ) -> Result<ApiKeyCreatePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let created = service::api_key::create(
            &request.app,
            actor,
            &input.name,
            input.scopes.into_iter().map(Into::into).collect(),
            input.expires_at.map(|at| at.0),
            input.cidrs.unwrap_or_default(),
        );
        ApiKeyCreatePayload::of(created.await.map(|made| {
            let key = ApiKey::new(made.key);
            match made.secret {
                Some(secret) => {
                    let secret = secret.expose_secret().to_owned();
                    ApiKeyCreatePayload::done(key, secret, made.event)
                }
                None => ApiKeyCreatePayload {
                    api_key: Some(key),
                    secret: None,
                    user_errors: Vec::new(),
                    audit_event: made.event.map(Into::into),
                },
            }
        }))
    }

    /// Ends a key for good: at once here, within 30 seconds on other replicas. Needs role owner or admin,
    /// signed in as a person; API keys cannot.
    async fn api_key_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which key.")] input: ApiKeyRevokeInput,
    ) -> Result<ApiKeyRevokePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let revoked = service::api_key::revoke(&request.app, actor, &input.id, input.reason);
        ApiKeyRevokePayload::of(
            revoked
                .await
                .map(|(key, event)| ApiKeyRevokePayload::done(ApiKey::new(key), event)),
        )
    }
}

/// One key of the active tenant.
pub(super) async fn find(snapshot: &Snapshot, id: ApiKeyId) -> Result<Option<ApiKey>, Failure> {
    let view = snapshot.view(Action::ApiKeyList)?;
    Ok(view.find_api_key(id).await?.map(ApiKey::new))
}
