//! Links: URLs that let somebody without a credential fetch one file for a while.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{FileId, file};
use media::{Disposition, Filename, INLINE_MEDIA_TYPES, content_disposition};
use policy::{Action, FileState, limit};
use store::{
    Actor, EventRef,
    event::{
        LinkCreated,
        class::{Public, Target},
    },
    file::object_key,
    idempotency::Earlier,
};

use super::object;
use crate::{
    adapter::link_cache::{Link, LinkKey},
    app::App,
    error::{Code, Error},
};

/// The life of a link to a file whose type the catalogue does not have any more.
const TTL_OTHERWISE_SECONDS: u32 = 900;

/// A link that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct NewLink {
    /// To what.
    pub file: FileId,
    /// What a browser should do with it.
    pub disposition: Disposition,
    /// Seconds it should work; the type's own lifetime if nothing is said.
    pub ttl_seconds: Option<i64>,
}

/// A link that may be handed out: it is recorded.
#[derive(Debug)]
pub struct Issued {
    /// The link.
    pub link: Link,
    /// What was recorded.
    pub event: EventRef,
}

/// Hands out a link straight into the store. The same one again while more than half of its life remains.
///
/// It is recorded before it is returned. Whether the file may be fetched is decided now: the store
/// honours the link until it expires, whatever becomes of the file or its tenant.
///
/// # Errors
/// [`Code::NotFound`], [`Code::FileNotReady`], [`Code::Invalid`] naming `expiresIn` or `disposition`;
/// [`Code::Expired`] for a repetition that comes after the link has ended.
pub async fn create(app: &App, actor: &Actor, new: NewLink) -> Result<Issued, Error> {
    let (file, usual) = ready_file(app, actor, new.file).await?;
    let wanted = new.ttl_seconds.or(usual.map(i64::from));
    let ttl_seconds = ttl_seconds(app, &file, wanted)?;
    let key = LinkKey {
        tenant: file.tenant_id,
        file: file.id,
        disposition: disposition(&file, new.disposition)?,
        ttl: Duration::from_secs(ttl_seconds.into()),
    };
    let now = app.store.now();
    if let Some(earlier) = actor.earlier() {
        return again(app, &file, key, earlier, now).await;
    }
    let (link, reused) = match app.links.find(&key, now) {
        Some(link) => (link, true),
        None => (sign(app, &file, &key, now).await?, false),
    };
    let event = LinkCreated {
        file: Target(file.id),
        ttl_seconds: Public(ttl_seconds.into()),
        disposition: Public(new.disposition.as_str()),
        reused: Public(reused),
    };
    let event = app.store.record(actor, Action::LinkCreate, event).await?;
    Ok(Issued { link, event })
}

/// A link for what is left of the life of the first one: the log knows of no longer one.
async fn again(
    app: &App,
    file: &file::Model,
    key: LinkKey,
    earlier: &Earlier,
    now: DateTime<Utc>,
) -> Result<Issued, Error> {
    let made_at = earlier.asked_at();
    let ttl = TimeDelta::from_std(key.ttl).map_err(Error::internal)?;
    let left = (made_at + ttl - now).to_std().unwrap_or_default();
    let left = Duration::from_secs(left.as_secs()).min(key.ttl);
    if left.is_zero() {
        let message = "the link that was made under this Idempotency-Key has expired; \
                       ask for another one with a key of its own";
        return Err(Error::with_message(Code::Expired, message));
    }
    let link = match app.links.find(&key, now) {
        Some(link) if link.expires_at <= made_at + ttl => link,
        _ => presign(app, file, &LinkKey { ttl: left, ..key }).await?,
    };
    Ok(Issued {
        link,
        event: earlier.event(),
    })
}

/// The file, and how long its tenant wants links to live.
async fn ready_file(
    app: &App,
    actor: &Actor,
    id: FileId,
) -> Result<(file::Model, Option<u32>), Error> {
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::LinkCreate)?;
    let file = view.get_file(id).await?;
    match file.state.0 {
        FileState::Ready => Ok((file, view.settings().await?.link_ttl_seconds)),
        state => Err(Error::with_message(
            Code::FileNotReady,
            format!("the file is {state}; only a ready one can be fetched"),
        )
        .on("fileId")),
    }
}

fn ttl_seconds(app: &App, file: &file::Model, wanted: Option<i64>) -> Result<u32, Error> {
    let Some(wanted) = wanted else {
        let object_type = app.config.catalogue.find(&file.system, &file.object_type);
        return Ok(object_type.map_or(TTL_OTHERWISE_SECONDS, |known| known.link_ttl_seconds));
    };
    let bounds = limit::LINK_TTL_SECONDS;
    match u32::try_from(wanted) {
        Ok(seconds) if bounds.contains(&seconds) => Ok(seconds),
        _ => Err(Error::invalid(
            "expiresIn",
            format!(
                "expiresIn must be {} to {} seconds",
                bounds.start(),
                bounds.end()
            ),
        )),
    }
}

/// The whole header value. What could act when opened is stored under a type that is never shown in
/// place, so the type alone decides.
fn disposition(file: &file::Model, wanted: Disposition) -> Result<String, Error> {
    let shown = INLINE_MEDIA_TYPES.contains(&file.media_type.as_str());
    if wanted == Disposition::Inline && !shown {
        return Err(Error::invalid(
            "disposition",
            format!(
                "a file of type {} is not shown in place; ask for ATTACHMENT",
                file.media_type
            ),
        ));
    }
    let name = Filename::clean(&file.filename).map_err(Error::internal)?;
    Ok(content_disposition(wanted, &name))
}

async fn sign(
    app: &App,
    file: &file::Model,
    key: &LinkKey,
    now: DateTime<Utc>,
) -> Result<Link, Error> {
    let link = presign(app, file, key).await?;
    app.links.put(key, link.clone(), now);
    Ok(link)
}

async fn presign(app: &App, file: &file::Model, key: &LinkKey) -> Result<Link, Error> {
    let signed = app
        .blob
        .presign_get(
            &object_key(file),
            key.ttl,
            &key.disposition,
            &file.media_type,
        )
        .await
        .map_err(object::failed)?;
    Ok(Link {
        url: signed.url,
        expires_at: signed.expires_at,
    })
}
