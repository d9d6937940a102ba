//! The rows of a streamed upload, before, after and when it fails.

use std::sync::Arc;

use audit::entry::Outcome;
use data_encoding::HEXLOWER;
use entity::{FileId, file};
use policy::{Action, FileState, ObjectId, limit::STREAM_RESERVATION_STEP_BYTES};
use store::{
    Actor, ConflictCode, Event, StoreError, Tx,
    event::{
        FileUploadBegun, FileUploadFailed, FileUploaded,
        class::{Personal, Public, Target},
    },
    system::Duty,
    upload::{NewFile, NewUpload, Opened, Settled},
};

use super::{Uploaded, body::Pieces, transfer::Transfer};
use crate::{app::App, error::Error, service::upload::Expected};

/// What the task of one upload works with.
pub(super) struct Session {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
    pub(super) object_id: ObjectId,
    pub(super) replaces: Option<FileId>,
    pub(super) expected: Expected,
}

impl Session {
    /// Intent, call, outcome.
    pub(super) async fn run(self, mut pieces: Pieces) -> Result<Uploaded, Error> {
        let opened = self.open().await?;
        let mut transfer = Transfer::new(&self, &opened);
        let arrived = tokio::select! {
            biased;
            arrived = transfer.run(&mut pieces) => arrived,
            stopped = self.watch(&opened) => Err(stopped),
        };
        let settled = match arrived {
            Ok(settled) => settled,
            Err(error) => return Err(self.give_up(&opened, transfer, error).await),
        };
        match self.settle(&opened, &settled).await {
            Ok(uploaded) => Ok(uploaded),
            Err(error) => self.resolve(&opened, transfer, error).await,
        }
    }

    /// Bytes to hold at the beginning.
    pub(super) fn reserves(&self) -> u64 {
        self.expected
            .byte_len
            .unwrap_or(STREAM_RESERVATION_STEP_BYTES)
    }

    async fn open(&self) -> Result<Opened, Error> {
        let store = &self.app.store;
        let tx = store.begin(&self.actor, Action::FileUpload).await?;
        let reserve_bytes = i64::try_from(self.reserves()).map_err(Error::internal)?;
        let opened = tx
            .open_upload(NewUpload {
                file: self.new_file(),
                streamed: true,
                declared_sha256: self.expected.sha256,
                reserve_bytes,
                expires_at: self.ends_at(tx.now())?,
                multipart_id: None,
            })
            .await?;
        let event = FileUploadBegun {
            file: Target(opened.file.id),
            upload: Target(opened.upload.id),
            phase: Public("begun"),
            reserved: Public(reserve_bytes),
        };
        tx.commit_holding(opened.upload.id, event).await?;
        Ok(opened)
    }

    fn new_file(&self) -> NewFile {
        let expected = &self.expected;
        let byte_len = expected.byte_len.unwrap_or(0);
        let declared = expected.media_type.as_deref();
        NewFile {
            system: expected.object_type.system.clone(),
            object_type: expected.object_type.name.clone(),
            object_id: self.object_id.clone(),
            filename: expected.filename.stored().to_owned(),
            display_name: expected.filename.display().to_owned(),
            media_type: declared.unwrap_or("application/octet-stream").to_owned(),
            byte_len: i64::try_from(byte_len).unwrap_or(i64::MAX),
            replaces: self.replaces,
        }
    }

    /// Within the upload's time or not at all: after it, the sweep may be removing the object. And by a
    /// right that is still there: the credential may have been revoked with the last byte.
    async fn settle(&self, opened: &Opened, settled: &Settled) -> Result<Uploaded, StoreError> {
        let store = &self.app.store;
        let tx = store.begin_again(&self.actor, Action::FileUpload).await?;
        if tx.get_upload(opened.upload.id).await?.expires_at <= tx.now() {
            return Err(StoreError::conflict(
                ConflictCode::Expired,
                "the upload took too long; send the file again",
            ));
        }
        let file = tx.settle_streamed(opened.upload.id, settled).await?;
        let event = uploaded(&file, settled);
        let receipt = tx.commit_held(opened.upload.id, event).await?;
        Ok(Uploaded {
            file,
            event: receipt.event(),
        })
    }

    /// What follows a settling that failed. Where its commit may have happened all the same, that is
    /// found out first: the object of a ready file stays.
    async fn resolve(
        &self,
        opened: &Opened,
        transfer: Transfer<'_>,
        error: StoreError,
    ) -> Result<Uploaded, Error> {
        if is_certain(&error) {
            return Err(self.give_up(opened, transfer, error.into()).await);
        }
        match self.fence(opened).await {
            Ok(()) => Err(self.give_up(opened, transfer, error.into()).await),
            Err(StoreError::Conflict { .. }) => self.read_back(opened, error).await,
            Err(fault) => {
                tracing::error!(error = ?fault, upload.id = %opened.upload.id,
                    "the outcome of an upload is not known; it is left to the sweep");
                Err(error.into())
            }
        }
    }

    /// Changes the upload's row, which waits for whatever still holds it. Once this commits on an open
    /// upload, no earlier settling can come into force.
    async fn fence(&self, opened: &Opened) -> Result<(), StoreError> {
        let tx = self.begin_duty(opened).await?;
        let ends_at = self.ends_at(tx.now())?;
        tx.extend_upload(opened.upload.id, 0, ends_at).await?;
        let event = FileUploadBegun {
            file: Target(opened.file.id),
            upload: Target(opened.upload.id),
            phase: Public("resolving"),
            reserved: Public(0),
        };
        tx.commit(event).await?;
        Ok(())
    }

    async fn read_back(&self, opened: &Opened, error: StoreError) -> Result<Uploaded, Error> {
        let tx = self.begin_duty(opened).await?;
        let file = tx.get_file(opened.file.id).await?;
        if file.state.0 == FileState::Ready {
            return Ok(Uploaded { file, event: None });
        }
        Err(error.into())
    }

    /// The store's side goes first: see [`store::upload`]. Returns the error the client gets.
    async fn give_up(&self, opened: &Opened, transfer: Transfer<'_>, error: Error) -> Error {
        if let Err(fault) = transfer.clear().await {
            tracing::warn!(error = &fault as &dyn std::error::Error, upload.id = %opened.upload.id,
                "a broken upload is left to the sweep");
            return error;
        }
        match self.abandon(opened, &error).await {
            Ok(()) => {}
            // The sweep came first.
            Err(StoreError::Conflict { .. }) => {}
            Err(fault) => tracing::warn!(error = ?fault, upload.id = %opened.upload.id,
                "a broken upload is left to the sweep"),
        }
        error
    }

    async fn abandon(&self, opened: &Opened, error: &Error) -> Result<(), StoreError> {
        let begun = self.app.store.begin(&self.actor, Action::FileUpload).await;
        let tx = match begun {
            // Tidying up is not the tenant's doing.
            Err(StoreError::TenantSuspended) => self.begin_duty(opened).await?,
            begun => begun?,
        };
        tx.abandon_upload(opened.upload.id, &error.to_string())
            .await?;
        let event = FileUploadFailed {
            file: Target(opened.file.id),
            cause: Public(error.code().as_str().to_owned()),
        };
        tx.commit(Event::from(event).with_outcome(Outcome::Failure))
            .await?;
        Ok(())
    }

    async fn begin_duty(&self, opened: &Opened) -> Result<Tx, StoreError> {
        let tenant = opened.upload.tenant_id;
        self.app.store.begin_duty(Duty::UploadSweep, tenant).await
    }
}

/// Whether the error says that nothing was committed.
fn is_certain(error: &StoreError) -> bool {
    !matches!(
        error,
        StoreError::Internal(_) | StoreError::Unavailable(_) | StoreError::Overloaded
    )
}

fn uploaded(file: &file::Model, settled: &Settled) -> FileUploaded {
    FileUploaded {
        file: Target(file.id),
        replaces: file.replaces.map(Target),
        system: Public(file.system.clone()),
        object_type: Public(file.object_type.clone()),
        media_type: Public(settled.media_type.clone()),
        byte_len: Public(settled.byte_len),
        sha256: Public(HEXLOWER.encode(&settled.sha256)),
        object_id: Personal(file.object_id.clone()),
        filename: Personal(file.filename.clone()),
    }
}
