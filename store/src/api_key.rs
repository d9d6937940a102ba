//! API keys: made by a person, bounded by that person's role, dead at once when revoked.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{ApiKeyId, MemberId, api_key};
use ipnet::IpNet;
use policy::{Action, Scopes, limit};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use secrecy::SecretString;

use crate::{
    Actor, Noun, Principal, Receipt, Store, StoreError, Tx, View,
    auth::token,
    conn::insert,
    event::{
        ApiKeyCreated, ApiKeyRevoked,
        class::{Personal, Public, Target},
    },
    keys::Label,
    page::{Cursors, Page, PageRequest},
    revocation::Revoked,
    system::Reason,
};

const LIST: &str = "api_keys";
const CIDRS_MAX: usize = 32;

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// How the owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends; a year from now if nothing is said.
    pub expires_at: Option<DateTime<Utc>>,
    /// Networks it works from; none means any.
    pub cidrs: Vec<IpNet>,
}

/// A key just made.
#[derive(Debug)]
pub struct CreatedApiKey {
    /// The record.
    pub key: api_key::Model,
    /// The whole token, to be shown once.
    pub secret: SecretString,
    /// What was recorded.
    pub receipt: Receipt,
}

impl NewApiKey {
    fn check(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
        let most = TimeDelta::days(limit::API_KEY_TTL_DAYS.into());
        let expires_at = self.expires_at.unwrap_or(now + most);
        let name_chars = self.name.trim().chars().count();
        if name_chars == 0
            || name_chars > limit::NAME_MAX_CHARS
            || self.name.chars().any(char::is_control)
        {
            return Err(StoreError::invalid(
                "name",
                format!(
                    "name must be 1 to {} characters, none of them control characters",
                    limit::NAME_MAX_CHARS
                ),
            ));
        }
        if self.scopes.is_empty() {
            return Err(StoreError::invalid(
                "scopes",
                "scopes must name at least one scope",
            ));
        }
        if self.cidrs.len() > CIDRS_MAX {
            return Err(StoreError::invalid(
                "cidrs",
                format!("cidrs may name at most {CIDRS_MAX} networks"),
            ));
        }
        if expires_at <= now {
            return Err(StoreError::invalid(
                "expiresAt",
                "expiresAt must be in the future",
            ));
        }
        Ok(expires_at)
    }
}

impl Store {
    /// Makes a key for the acting person.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] naming the field; [`StoreError::Forbidden`] for a key that asks.
    pub async fn create_api_key(
        &self,
        actor: &Actor,
        new: NewApiKey,
    ) -> Result<CreatedApiKey, StoreError> {
        self.permit(actor, Action::ApiKeyCreate)?;
        let Principal::User(creator) = actor.principal() else {
            return Err(StoreError::Forbidden(Action::ApiKeyCreate));
        };
        let tx = self.begin(actor, Action::ApiKeyCreate).await?;
        let new = tx.bound_by_settings(new).await?;
        let (key, secret, event) = tx.insert_api_key(creator, new).await?;
        Ok(CreatedApiKey {
            key,
            secret,
            receipt: tx.commit(event).await?,
        })
    }

    /// Ends a key. In this process it is dead when this returns, elsewhere as [`crate::revocation`] says.
    /// Ending an ended key again changes nothing and is recorded.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn revoke_api_key(
        &self,
        actor: &Actor,
        id: ApiKeyId,
        reason: Option<String>,
    ) -> Result<(api_key::Model, Receipt), StoreError> {
        let mut tx = self.begin(actor, Action::ApiKeyRevoke).await?;
        let values = [tx.now().into(), tx.tenant().into(), id.into()];
        let statement = tx.conn().sql(
            "UPDATE api_key SET revoked_at = COALESCE(revoked_at, $1) \
             WHERE tenant_id = $2 AND id = $3",
            values,
        );
        tx.conn().execute_raw(statement).await?;
        let key = tx
            .find::<api_key::Entity>()
            .filter(api_key::Column::Id.eq(id))
            .one(tx.conn())
            .await?
            .ok_or(StoreError::NotFound(Noun::ApiKey))?;
        tx.revoke(Revoked::Key(id)).await?;
        let receipt = tx
            .commit(ApiKeyRevoked {
                key: Target(id),
                reason: Personal(reason),
            })
            .await?;
        Ok((key, receipt))
    }

    /// Writes when keys and sessions were last used, one statement each, and ends old sessions.
    ///
    /// # Errors
    /// As the database says; then the times of this interval are lost, which only makes them older.
    pub async fn flush_uses(&self) -> Result<(), StoreError> {
        let uses = self.credentials().take_uses();
        if uses.is_empty() {
            return Ok(());
        }
        let tx = self.begin_system(Reason::LastUsedFlush).await?;
        for ((tenant, key), at) in uses.keys {
            let values = [at.into(), tenant.into(), key.into()];
            let statement = tx.conn().sql(
                "UPDATE api_key SET last_used_at = $1 WHERE tenant_id = $2 AND id = $3 \
                 AND (last_used_at IS NULL OR last_used_at < $1)",
                values,
            );
            tx.conn().execute_raw(statement).await?;
        }
        for (session, at) in uses.sessions {
            let statement = tx.conn().sql(
                "UPDATE session SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1",
                [at.into(), session.into()],
            );
            tx.conn().execute_raw(statement).await?;
        }
        for (session, at) in uses.operator_sessions {
            let statement = tx.conn().sql(
                "UPDATE operator_session SET last_seen_at = $1 WHERE id = $2 \
                 AND (last_seen_at IS NULL OR last_seen_at < $1)",
                [at.into(), session.into()],
            );
            tx.conn().execute_raw(statement).await?;
        }
        for table in ["session", "operator_session"] {
            let sql = format!("DELETE FROM {table} WHERE expires_at < $1");
            let statement = tx.conn().sql(&sql, [tx.now().into()]);
            tx.conn().execute_raw(statement).await?;
        }
        tx.commit_without_event().await
    }
}

impl Tx {
    /// The key with the longest life that the tenant allows; one that is to live longer is refused.
    async fn bound_by_settings(&self, new: NewApiKey) -> Result<NewApiKey, StoreError> {
        let Some(days) = self.settings().await?.api_key_max_ttl_days else {
            return Ok(new);
        };
        let most = self.now() + TimeDelta::days(days.into());
        let usual = self.now() + TimeDelta::days(limit::API_KEY_TTL_DAYS.into());
        let expires_at = new.expires_at.unwrap_or_else(|| usual.min(most));
        if expires_at > most {
            return Err(StoreError::invalid(
                "expiresAt",
                format!(
                    "expiresAt must be at most {days} days ahead, as the tenant's settings say"
                ),
            ));
        }
        Ok(NewApiKey {
            expires_at: Some(expires_at),
            ..new
        })
    }

    /// A key of this transaction's tenant, its token, and the event that says so.
    pub(crate) async fn insert_api_key(
        &self,
        creator: MemberId,
        new: NewApiKey,
    ) -> Result<(api_key::Model, SecretString, ApiKeyCreated), StoreError> {
        let expires_at = new.check(self.now())?;
        let master = self.store().master();
        let fresh = token::new_key(&master.derive(Label::ApiKeyPepper))?;
        let cidrs: Vec<String> = new.cidrs.iter().map(ToString::to_string).collect();
        let key = api_key::Model {
            tenant_id: self.tenant(),
            id: ApiKeyId::generate(),
            public_id: fresh.public_id,
            mac: fresh.mac.to_vec(),
            pepper_no: master.number(),
            name: new.name.trim().to_owned(),
            scopes: new.scopes.to_string(),
            cidrs: cidrs.join(" "),
            created_by: creator,
            created_at: self.now(),
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        insert(self.conn(), key.clone()).await?;
        let event = ApiKeyCreated {
            key: Target(key.id),
            scopes: Public(key.scopes.clone()),
            expires_at: Public(expires_at.to_rfc3339()),
            name: Personal(key.name.clone()),
            cidrs: Personal(cidrs),
        };
        Ok((key, fresh.token, event))
    }
}

impl View<'_> {
    /// A page of keys, newest first, ended ones included.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    pub async fn list_api_keys(
        &self,
        page: &PageRequest,
    ) -> Result<Page<api_key::Model>, StoreError> {
        let mut query = self
            .find::<api_key::Entity>()
            .order_by_desc(api_key::Column::Id)
            .limit(page.probe());
        if let Some(cursor) = page.after() {
            let id: ApiKeyId = self
                .api_key_cursors()
                .decode(cursor)?
                .parse()
                .map_err(StoreError::internal)?;
            query = query.filter(api_key::Column::Id.lt(id));
        }
        Ok(page.cut(query.all(self.conn()).await?))
    }

    /// The cursor behind which the next page begins.
    #[must_use]
    pub fn api_key_cursor(&self, key: ApiKeyId) -> String {
        self.api_key_cursors().encode(&key.to_string())
    }

    /// One key's record.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_api_key(&self, id: ApiKeyId) -> Result<Option<api_key::Model>, StoreError> {
        Ok(self
            .find::<api_key::Entity>()
            .filter(api_key::Column::Id.eq(id))
            .one(self.conn())
            .await?)
    }

    fn api_key_cursors(&self) -> Cursors<'_> {
        Cursors::new(self.store(), self.tenant(), LIST)
    }
}
