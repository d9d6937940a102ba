//! The client of a direct upload says that the bytes are there.

use entity::{UploadId, file, upload};
use policy::UploadState;

use super::closed;
use crate::{Noun, StoreError, Tx, job::JobKind};

/// A direct upload whose bytes are to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// The file.
    pub file: file::Model,
    /// The way in.
    pub upload: upload::Model,
    /// Whether this call did it. Otherwise nothing was changed: drop the transaction.
    pub newly: bool,
}

impl Tx {
    /// Marks the file as being verified and enqueues the job that does it. Said again, it answers
    /// what became of the same file.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when its time was over.
    pub async fn complete_upload(&self, id: UploadId) -> Result<Completed, StoreError> {
        let step = (
            "state = 'completed'",
            "state = 'open' AND NOT streamed AND expires_at > $3",
        );
        let Some(upload) = self.step_upload(id, step, [self.now().into()]).await? else {
            return self.completed_before(id).await;
        };
        let step = ("state = 'verifying'", "state = 'pending'");
        let file = self
            .step_file(upload.file_id, step, [])
            .await?
            .ok_or_else(|| StoreError::internal("an open upload without its pending file"))?;
        self.enqueue(JobKind::FileSettle, file.id.uuid(), self.now())
            .await?;
        Ok(Completed {
            file,
            upload,
            newly: true,
        })
    }

    async fn completed_before(&self, id: UploadId) -> Result<Completed, StoreError> {
        let upload = self.find_upload(id).await?;
        // A stream completes itself; its id is no way in for a client.
        let upload = upload
            .filter(|upload| !upload.streamed)
            .ok_or(StoreError::NotFound(Noun::Upload))?;
        match upload.state.0 {
            UploadState::Completed | UploadState::Aborted => Ok(Completed {
                file: self.get_file(upload.file_id).await?,
                upload,
                newly: false,
            }),
            UploadState::Open | UploadState::Expired => Err(closed(&upload)),
        }
    }
}
