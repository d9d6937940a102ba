//! Files: read, put into the trash, taken out again, purged.

use entity::{FileId, file};
use policy::Action;
use store::{
    Actor, EventRef, Snapshot,
    event::{
        FilePurged, FileRestored, FileTrashed,
        class::{Personal, Public, Target},
    },
    file::FileFilter,
    idempotency::Earlier,
    page::{Page, PageRequest},
};

use super::input;
use crate::{app::App, error::Error};

/// A file after a step, and what was recorded of it.
pub type Changed = (file::Model, Option<EventRef>);

/// A page of the files that fit, each with its cursor, newest first.
///
/// # Errors
/// `Forbidden`; `Invalid` for a cursor of another list.
pub async fn list(
    snapshot: &Snapshot,
    filter: &FileFilter,
    page: &PageRequest,
) -> Result<Page<(String, file::Model)>, Error> {
    let view = snapshot.view(Action::FileList)?;
    let Page { rows, has_next } = view.list_files(filter, page).await?;
    let with_cursor = |row: file::Model| (view.file_cursor(filter, &row), row);
    Ok(Page {
        rows: rows.into_iter().map(with_cursor).collect(),
        has_next,
    })
}

/// One file, whatever its state.
///
/// # Errors
/// `Forbidden`.
pub async fn find(snapshot: &Snapshot, id: FileId) -> Result<Option<file::Model>, Error> {
    let view = snapshot.view(Action::FileRead)?;
    Ok(view.find_file(id).await?)
}

/// Whether files may be read.
///
/// # Errors
/// `Forbidden`.
pub fn may_read(snapshot: &Snapshot) -> Result<(), Error> {
    snapshot.view(Action::FileRead)?;
    Ok(())
}

/// Puts a ready file into the trash.
///
/// # Errors
/// `NotFound`, `InvalidState`, `Invalid` for a reason that is too long.
pub async fn trash(
    app: &App,
    actor: &Actor,
    id: FileId,
    reason: Option<String>,
) -> Result<Changed, Error> {
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, Action::FileTrash, earlier).await;
    }
    let reason = input::reason(reason)?;
    let tx = app.store.begin(actor, Action::FileTrash).await?;
    let file = tx.trash_file(id).await?;
    let event = FileTrashed {
        file: Target(id),
        reason: Personal(reason),
    };
    let receipt = tx.commit(event).await?;
    app.links.forget_file(file.tenant_id, id);
    Ok((file, receipt.event()))
}

/// Takes a file out of the trash, as it was.
///
/// # Errors
/// As [`trash`].
pub async fn restore(
    app: &App,
    actor: &Actor,
    id: FileId,
    reason: Option<String>,
) -> Result<Changed, Error> {
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, Action::FileRestore, earlier).await;
    }
    let reason = input::reason(reason)?;
    let tx = app.store.begin(actor, Action::FileRestore).await?;
    let file = tx.restore_file(id).await?;
    let event = FileRestored {
        file: Target(id),
        reason: Personal(reason),
    };
    let receipt = tx.commit(event).await?;
    Ok((file, receipt.event()))
}

/// Purges a file: its quota is free at once, its bytes are deleted after the purge delay.
///
/// # Errors
/// As [`trash`].
pub async fn purge(
    app: &App,
    actor: &Actor,
    id: FileId,
    reason: Option<String>,
) -> Result<Changed, Error> {
    if let Some(earlier) = actor.earlier() {
        return again(app, actor, Action::FilePurge, earlier).await;
    }
    let reason = input::reason(reason)?;
    let tx = app.store.begin(actor, Action::FilePurge).await?;
    let purged = tx.purge_file(id).await?;
    let event = FilePurged {
        file: Target(id),
        byte_len: Public(purged.freed_bytes),
        reason: Personal(reason),
    };
    let receipt = tx.commit(event).await?;
    app.links.forget_file(purged.file.tenant_id, id);
    Ok((purged.file, receipt.event()))
}

/// The file that was changed the first time, as it is now.
async fn again(
    app: &App,
    actor: &Actor,
    action: Action,
    earlier: &Earlier,
) -> Result<Changed, Error> {
    let snapshot = app.store.snapshot(actor).await?;
    let file = snapshot.view(action)?.get_file(earlier.id()?).await?;
    Ok((file, Some(earlier.event())))
}
