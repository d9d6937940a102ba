//! API keys: found by id, compared as HMAC, cached for a short hard time.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use entity::{ApiKeyId, MemberId, TenantId, Text, UserId};
use ipnet::IpNet;
use policy::{Grant, Role, Scopes};
use sea_orm::FromQueryResult;
use subtle::ConstantTimeEq;

use super::{AuthError, look_up::API_KEY, marks::Begun, token};
use crate::{Actor, Principal, RequestContext, Store, StoreError, revocation::Revoked};

/// What is known of a key: read from the database at most every thirty seconds.
#[derive(Debug)]
pub(crate) struct Known {
    id: ApiKeyId,
    tenant: TenantId,
    mac: Vec<u8>,
    pepper_no: i32,
    scopes: Scopes,
    creator: Option<Role>,
    cidrs: Vec<IpNet>,
    expires_at: DateTime<Utc>,
    revoked: bool,
    creator_id: MemberId,
    creator_user: UserId,
    begun: Begun,
}

impl Known {
    /// What its copies depend on.
    fn subjects(&self) -> [Revoked; 4] {
        [
            Revoked::Key(self.id),
            Revoked::Tenant(self.tenant),
            Revoked::Member(self.creator_id),
            Revoked::User(self.creator_user),
        ]
    }

    fn admits(&self, address: Option<IpAddr>) -> bool {
        self.cidrs.is_empty()
            || address.is_some_and(|ip| self.cidrs.iter().any(|net| net.contains(&ip)))
    }
}

/// The row behind [`Known`].
#[derive(Debug, FromQueryResult)]
pub struct StoredKey {
    id: ApiKeyId,
    tenant_id: TenantId,
    mac: Vec<u8>,
    pepper_no: i32,
    scopes: String,
    cidrs: String,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    created_by: MemberId,
    user_id: UserId,
    role: Text<Role>,
    removed_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Checks an API key and says who it is: checksum, look-up, HMAC in constant time, expiry,
    /// revocation, address. Its rights are its scopes within its creator's present role.
    ///
    /// # Errors
    /// [`AuthError::Rejected`] for every key that is not good, at the same cost.
    pub async fn authenticate_key(
        &self,
        token: &str,
        request: RequestContext,
    ) -> Result<Actor, AuthError> {
        let public_id = token::key_id(token).ok_or(AuthError::Rejected)?;
        let credentials = self.credentials();
        let known = self.known_key(public_id).await?;
        let pepper_no = known.as_ref().map(|known| known.pepper_no);
        let presented = token::key_mac(credentials.peppers.numbered(pepper_no), token);
        // An unknown id is compared too, so that it takes as long as a known one.
        let recorded = known
            .as_ref()
            .map_or([0; 32].as_slice(), |known| &known.mac);
        let matches = bool::from(recorded.ct_eq(&presented));
        let known =
            known.filter(|known| matches && !known.revoked && known.expires_at > self.now());
        let known = known.ok_or(AuthError::Rejected)?;
        let creator = known.creator.ok_or(AuthError::Rejected)?;
        if !known.admits(request.ip) {
            return Err(AuthError::AddressNotAllowed);
        }
        credentials.note_key(known.tenant, known.id, self.now());
        Ok(Actor {
            tenant: known.tenant,
            principal: Principal::ApiKey(known.id),
            grant: Grant::Key {
                scopes: known.scopes,
                creator,
            },
            request,
            email: None,
            session: None,
        })
    }

    async fn known_key(&self, public_id: &str) -> Result<Option<Arc<Known>>, StoreError> {
        let credentials = self.credentials();
        if credentials.unknown_keys.contains_key(public_id) {
            return Ok(None);
        }
        match self.fresh_key(public_id).await {
            Ok(known) => Ok(Some(known)),
            Err(error) if matches!(*error, LoadError::Unknown) => {
                credentials
                    .unknown_keys
                    .insert(public_id.to_owned(), ())
                    .await;
                Ok(None)
            }
            Err(error) => Err(match &*error {
                LoadError::Store(StoreError::Overloaded) => StoreError::Overloaded,
                other => StoreError::internal(other.to_string()),
            }),
        }
    }

    /// A copy that may be used. Whoever finds one that may not makes room for the next look-up, which all wait for;
    /// only when that had begun too early is the database asked by this request alone.
    async fn fresh_key(&self, public_id: &str) -> Result<Arc<Known>, Arc<LoadError>> {
        let credentials = self.credentials();
        for _ in 0..2 {
            let known = credentials
                .keys
                .try_get_with_by_ref(public_id, self.load_key(public_id))
                .await?;
            if credentials.marks.is_fresh(known.begun, known.subjects()) {
                return Ok(known);
            }
            credentials.keys.invalidate(public_id).await;
        }
        Ok(self.load_key(public_id).await?)
    }

    async fn load_key(&self, public_id: &str) -> Result<Arc<Known>, LoadError> {
        let begun = self.credentials().marks.begin();
        let conn = self
            .database()
            .begin_read()
            .await
            .map_err(LoadError::Store)?;
        let statement = API_KEY.by(&conn, [public_id.into()]);
        let row = StoredKey::find_by_statement(statement)
            .one(&conn)
            .await
            .map_err(|error| LoadError::Store(error.into()))?
            .ok_or(LoadError::Unknown)?;
        Ok(Arc::new(known(row, begun).map_err(LoadError::Store)?))
    }
}

/// Shared by everybody who waits for the same look-up, hence not [`StoreError`] itself.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("unknown key")]
    Unknown,
    #[error("look-up failed: {0:?}")]
    Store(StoreError),
}

fn known(row: StoredKey, begun: Begun) -> Result<Known, StoreError> {
    let cidrs: Result<Vec<IpNet>, _> = row.cidrs.split_whitespace().map(str::parse).collect();
    Ok(Known {
        id: row.id,
        tenant: row.tenant_id,
        mac: row.mac,
        pepper_no: row.pepper_no,
        scopes: row.scopes.parse().map_err(StoreError::internal)?,
        creator: row.removed_at.is_none().then_some(row.role.0),
        cidrs: cidrs.map_err(StoreError::internal)?,
        expires_at: row.expires_at,
        revoked: row.revoked_at.is_some(),
        creator_id: row.created_by,
        creator_user: row.user_id,
        begun,
    })
}
