//! Exports of the audit log: asked for here, made by a worker, fetched through a link.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{AuditExportId, audit_export};
use media::{Disposition, Filename, content_disposition};
use policy::{Action, limit};
use store::{
    Actor, EventRef,
    event::{
        ExportLinkCreated,
        class::{Public, Target},
    },
    export::{Format, run::NewExport},
};

use super::object;
use crate::{
    adapter::link_cache::Link,
    app::App,
    error::{Code, Error},
};

/// The life of a link when nothing is said: an export is large, and asked for by people.
const TTL_OTHERWISE_SECONDS: u32 = 900;

/// Asks for an export; a worker makes it.
///
/// # Errors
/// [`Code::Invalid`] naming `fromSeq` or `toSeq`; [`Code::InvalidState`] while another one is being made.
pub async fn create(
    app: &App,
    actor: &Actor,
    new: NewExport,
) -> Result<(audit_export::Model, EventRef), Error> {
    let Some(earlier) = actor.earlier() else {
        return Ok(app.store.begin_audit_export(actor, new).await?);
    };
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::AuditExport)?;
    let export = view.get_audit_export(earlier.id()?).await?;
    Ok((export, earlier.event()))
}

/// Hands out a link to the file of an export; `None` when there is no file now. It is recorded before it is
/// returned, and ends with the file at the latest.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Invalid`] naming `expiresIn`.
pub async fn link(
    app: &App,
    actor: &Actor,
    id: AuditExportId,
    wanted: Option<i32>,
) -> Result<Option<Link>, Error> {
    let ttl_seconds = ttl_seconds(wanted)?;
    let snapshot = app.store.snapshot(actor).await?;
    let view = snapshot.view(Action::AuditExportLink)?;
    let export = view.get_audit_export(id).await?;
    drop(snapshot);
    if export.disclosures {
        app.store.permit(actor, Action::AuditDisclose)?;
    }
    let ends_at = export.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
    let left = (ends_at - app.store.now()).max(TimeDelta::zero());
    let ttl = Duration::from_secs(ttl_seconds.into()).min(left.to_std().map_err(Error::internal)?);
    let (Some(key), true) = (&export.object_key, ttl >= Duration::from_secs(1)) else {
        return Ok(None);
    };
    let signed = app
        .blob
        .presign_get(
            key,
            ttl,
            &disposition(&export)?,
            format(&export)?.media_type(),
        )
        .await
        .map_err(object::failed)?;
    let event = ExportLinkCreated {
        export: Target(export.id),
        ttl_seconds: Public(i64::try_from(ttl.as_secs()).map_err(Error::internal)?),
    };
    app.store
        .record(actor, Action::AuditExportLink, event)
        .await?;
    Ok(Some(Link {
        url: signed.url,
        expires_at: signed.expires_at,
    }))
}

/// The format of a row, which holds only words that this service wrote.
pub(crate) fn format(export: &audit_export::Model) -> Result<Format, Error> {
    export.format.parse().map_err(Error::internal)
}

fn disposition(export: &audit_export::Model) -> Result<String, Error> {
    let name = format!("{}.{}", export.id, format(export)?.extension());
    let name = Filename::clean(&name).map_err(Error::internal)?;
    Ok(content_disposition(Disposition::Attachment, &name))
}

fn ttl_seconds(wanted: Option<i32>) -> Result<u32, Error> {
    let Some(wanted) = wanted else {
        return Ok(TTL_OTHERWISE_SECONDS);
    };
    let bounds = limit::LINK_TTL_SECONDS;
    match u32::try_from(wanted) {
        Ok(seconds) if bounds.contains(&seconds) => Ok(seconds),
        _ => Err(Error::with_message(
            Code::Invalid,
            format!(
                "expiresIn must be {} to {} seconds",
                bounds.start(),
                bounds.end()
            ),
        )
        .on("expiresIn")),
    }
}
