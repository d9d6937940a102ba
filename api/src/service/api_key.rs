//! API keys: made by a person, shown once, revoked for good.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use entity::{ApiKeyId, api_key};
use ipnet::IpNet;
use policy::{Action, Scope};
use secrecy::SecretString;
use store::{Actor, EventRef, Noun, StoreError, api_key::NewApiKey, idempotency::Earlier};

use super::input;
use crate::{app::App, error::Error};

/// A key that was made.
#[derive(Debug)]
pub struct Made {
    /// The record.
    pub key: api_key::Model,
    /// The whole token; none when it was shown before.
    pub secret: Option<SecretString>,
    /// What was recorded.
    pub event: Option<EventRef>,
}

/// Makes a key for the acting person.
///
/// # Errors
/// [`crate::error::Code::Invalid`] on the field it is about, [`crate::error::Code::Forbidden`].
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &str,
    scopes: Vec<Scope>,
    expires_at: Option<DateTime<Utc>>,
    cidrs: Vec<String>,
) -> Result<Made, Error> {
    app.store.permit(actor, Action::ApiKeyCreate)?;
    if let Some(earlier) = actor.earlier() {
        let (key, event) = again(app, actor, Action::ApiKeyCreate, earlier).await?;
        return Ok(Made {
            key,
            secret: None,
            event,
        });
    }
    let new = NewApiKey {
        name: input::name("name", name)?,
        scopes: input::list("scopes", scopes)?.into_iter().collect(),
        expires_at,
        cidrs: networks(cidrs)?,
    };
    let created = app.store.create_api_key(actor, new).await?;
    Ok(Made {
        key: created.key,
        secret: Some(created.secret),
        event: created.receipt.event(),
    })
}

/// Ends a key for good.
///
/// # Errors
/// [`crate::error::Code::NotFound`] on `id`, [`crate::error::Code::Forbidden`].
pub async fn revoke(
    app: &App,
    actor: &Actor,
    key: &str,
    reason: Option<String>,
) -> Result<(api_key::Model, Option<EventRef>), Error> {
    app.store.permit(actor, Action::ApiKeyRevoke)?;
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, Action::ApiKeyRevoke, earlier).await;
    }
    let reason = input::reason(reason)?;
    let id: ApiKeyId = input::id("id", Noun::ApiKey, key)?;
    let revoked = app.store.revoke_api_key(actor, id, reason).await;
    let (key, receipt) = revoked.map_err(input::not_found_on("id"))?;
    Ok((key, receipt.event()))
}

/// The key that was changed the first time, as it is now.
async fn again(
    app: &App,
    actor: &Actor,
    action: Action,
    earlier: &Earlier,
) -> Result<(api_key::Model, Option<EventRef>), Error> {
    let snapshot = app.store.snapshot(actor).await?;
    let key = snapshot.view(action)?.find_api_key(earlier.id()?).await?;
    let key = key.ok_or(StoreError::NotFound(Noun::ApiKey))?;
    Ok((key, Some(earlier.event())))
}

/// Networks such as `10.0.0.0/8`; a single address stands for itself.
fn networks(cidrs: Vec<String>) -> Result<Vec<IpNet>, Error> {
    let cidrs = input::list("cidrs", cidrs)?;
    cidrs.iter().map(|cidr| network(cidr.trim())).collect()
}

fn network(text: &str) -> Result<IpNet, Error> {
    let parsed = text
        .parse::<IpNet>()
        .map(|net| net.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    parsed.map_err(|_| {
        Error::invalid(
            "cidrs",
            "cidrs must be networks such as 10.0.0.0/8 or 2001:db8::/32, or single addresses",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_loses_its_host_bits_and_an_address_stands_for_itself() {
        let parsed = |text: &str| network(text).ok().map(|net| net.to_string());
        assert_eq!(parsed("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(parsed("192.0.2.7").as_deref(), Some("192.0.2.7/32"));
        assert_eq!(parsed("2001:db8::1").as_deref(), Some("2001:db8::1/128"));
    }

    #[test]
    fn what_is_no_network_is_refused_on_its_field() {
        let field = network("10.0.0.0/33")
            .err()
            .and_then(|e| e.field().map(str::to_owned));
        assert_eq!(field.as_deref(), Some("cidrs"));
    }
}
