//! The way out: the trash after its retention, and the bytes of purged files after the purge delay.

use chrono::TimeDelta;
use entity::file;
use store::{
    event::{
        FileDeleted, FileDeletionBegun, TrashExpired,
        class::{Public, Target},
    },
    file::{TrashCutoff, TrashCutoffs, object_key},
    system::Duty,
};

use super::sweep::{MOST, Tally};
use crate::{app::App, error::Error, service::object};

/// Retention for types the catalogue does not have any more.
const RETENTION_OTHERWISE: TimeDelta = TimeDelta::days(90);

/// Purges files whose time in the trash is over. Says how many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_trash(app: &App) -> Result<usize, Error> {
    let cutoffs = cutoffs(app);
    let mut tally = Tally::default();
    for file in app.store.trash_due(&cutoffs, MOST).await? {
        tally.note("trash", purge(app, &cutoffs, &file).await);
    }
    Ok(tally.closed())
}

/// Deletes the bytes of files purged longer ago than the purge delay. Says how many.
///
/// Intent, call, outcome: broken off anywhere, the next run does all three again.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_deletions(app: &App) -> Result<usize, Error> {
    let delay = TimeDelta::from_std(app.config.files.purge_delay).map_err(Error::internal)?;
    let due = app.store.now() - delay;
    let mut tally = Tally::default();
    for file in app.store.deletions_due(due, MOST).await? {
        tally.note("deletions", delete(app, &file).await);
    }
    Ok(tally.closed())
}

fn cutoffs(app: &App) -> TrashCutoffs {
    let now = app.store.now();
    let types = app.config.catalogue.types().map(|known| TrashCutoff {
        system: known.system.clone(),
        object_type: known.name.clone(),
        trashed_before: now - TimeDelta::days(known.trash_retention_days.into()),
    });
    TrashCutoffs {
        types: types.collect(),
        otherwise: now - RETENTION_OTHERWISE,
    }
}

async fn purge(app: &App, cutoffs: &TrashCutoffs, due: &file::Model) -> Result<bool, Error> {
    let tx = app
        .store
        .begin_duty(Duty::TrashSweep, due.tenant_id)
        .await?;
    let Some(purged) = tx.purge_from_trash(due.id, cutoffs.of(due)).await? else {
        return Ok(false);
    };
    let event = TrashExpired {
        file: Target(due.id),
        byte_len: Public(purged.freed_bytes),
    };
    tx.commit(event).await?;
    app.links.forget_file(due.tenant_id, due.id);
    Ok(true)
}

async fn delete(app: &App, due: &file::Model) -> Result<bool, Error> {
    let tx = app
        .store
        .begin_duty(Duty::FileDelete, due.tenant_id)
        .await?;
    let begun = FileDeletionBegun {
        file: Target(due.id),
        phase: Public("begun"),
    };
    tx.commit(begun).await?;
    app.blob
        .delete(&object_key(due))
        .await
        .map_err(object::failed)?;
    let tx = app
        .store
        .begin_duty(Duty::FileDelete, due.tenant_id)
        .await?;
    if tx.mark_deleted(due.id).await?.is_none() {
        return Ok(false);
    }
    tx.commit(FileDeleted {
        file: Target(due.id),
    })
    .await?;
    Ok(true)
}
