//! Trash, restore, purge.

use async_graphql::{Context, ID, InputObject, Object};
use entity::FileId;
use store::{Noun, StoreError};

use super::File;
use crate::{
    error::{Code, Error, Failure},
    graphql::{context, payload::payload},
    service::file::{self, Changed},
};

/// Which file, and why.
#[derive(Debug, InputObject)]
pub struct FileTrashInput {
    /// The file.
    file_id: ID,
    /// For the audit log; at most 1000 characters.
    reason: Option<String>,
}

/// Which file, and why.
#[derive(Debug, InputObject)]
pub struct FileRestoreInput {
    /// The file.
    file_id: ID,
    /// For the audit log; at most 1000 characters.
    reason: Option<String>,
}

/// Which file, and why.
#[derive(Debug, InputObject)]
pub struct FilePurgeInput {
    /// The file.
    file_id: ID,
    /// For the audit log; at most 1000 characters.
    reason: Option<String>,
}

payload! {
    /// The file that was put into the trash.
    FileTrashPayload, FileTrashUserError, FileTrashErrorCode {
        /// The file.
        file: File,
    } refuses { NotFound, InvalidState, Invalid }
}

payload! {
    /// The file that came back from the trash.
    FileRestorePayload, FileRestoreUserError, FileRestoreErrorCode {
        /// The file.
        file: File,
    } refuses { NotFound, InvalidState, Invalid }
}

payload! {
    /// The file that was purged.
    FilePurgePayload, FilePurgeUserError, FilePurgeErrorCode {
        /// What is left of the file.
        file: File,
    } refuses { NotFound, InvalidState, Invalid }
}

/// What can be done with files.
#[derive(Debug, Default, Clone, Copy)]
pub struct FileMutation;

/// What can be done with files.
#[Object]
impl FileMutation {
    /// Puts a ready file into the trash. It still counts against the quota, and nobody can fetch it by a
    /// new link. Needs role owner, admin or member; or scope files:delete.
    async fn file_trash(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file, and why.")] input: FileTrashInput,
    ) -> Result<FileTrashPayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let done = async {
            let id = file_id(&input.file_id, "fileId")?;
            file::trash(&request.app, actor, id, input.reason).await
        };
        FileTrashPayload::of(shown(done.await, FileTrashPayload::done))
    }

    /// Takes a file out of the trash, with its bytes and metadata as they were. Needs role owner, admin or
    /// member; or scope files:write.
    async fn file_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file, and why.")] input: FileRestoreInput,
    ) -> Result<FileRestorePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let done = async {
            let id = file_id(&input.file_id, "fileId")?;
            file::restore(&request.app, actor, id, input.reason).await
        };
        FileRestorePayload::of(shown(done.await, FileRestorePayload::done))
    }

    /// Purges a file that is ready, trashed or rejected; this cannot be undone. Its quota is free at once, its
    /// bytes are deleted after the purge delay. Needs role owner or admin; or scope files:delete.
    async fn file_purge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file, and why.")] input: FilePurgeInput,
    ) -> Result<FilePurgePayload, Failure> {
        let request = context::request(ctx)?;
        let actor = request.caller.actor()?;
        let done = async {
            let id = file_id(&input.file_id, "fileId")?;
            file::purge(&request.app, actor, id, input.reason).await
        };
        FilePurgePayload::of(shown(done.await, FilePurgePayload::done))
    }
}

/// A text that is no id is answered like the id of nothing.
pub(in crate::graphql) fn file_id(id: &ID, field: &'static str) -> Result<FileId, Error> {
    id.parse()
        .map_err(|_| Error::from(StoreError::NotFound(Noun::File)).on(field))
}

/// Says which argument named the thing that does not exist.
pub(in crate::graphql) fn about(error: Error, field: &'static str) -> Error {
    if error.code() == Code::NotFound && error.field().is_none() {
        error.on(field)
    } else {
        error
    }
}

fn shown<P>(
    done: Result<Changed, Error>,
    payload: impl FnOnce(File, Option<store::EventRef>) -> P,
) -> Result<P, Error> {
    match done {
        Ok((row, event)) => Ok(payload(File::new(row), event)),
        Err(error) => Err(about(error, "fileId")),
    }
}
