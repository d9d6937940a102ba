//! While bytes arrive: the upload's time is moved on, and whoever may not go on is cut off.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::UploadId;
use policy::Action;
use store::{
    StoreError,
    event::{
        FileUploadBegun,
        class::{Public, Target},
    },
    upload::Opened,
};
use tokio::time::Instant;

use super::session::Session;
use crate::error::Error;

/// How often the right is looked at; one that has ended is refused within a second.
const LOOK: Duration = Duration::from_millis(800);
/// How often the request's name is held on to; well within [`store::idempotency::HELD`].
const HOLD: Duration = Duration::from_secs(8);

impl Session {
    /// Returns only when the upload must not go on.
    pub(super) async fn watch(&self, opened: &Opened) -> Error {
        let ttl = self.app.config.files.upload_ttl;
        let mut extended = Instant::now();
        let mut held = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            if let Some(ended) = self.ended().await {
                return ended.into();
            }
            if held.elapsed() >= HOLD {
                self.hold_name(opened).await;
                held = Instant::now();
            }
            if extended.elapsed() < ttl / 3 {
                continue;
            }
            match self.extend(opened, 0).await {
                Ok(()) => extended = Instant::now(),
                // A database that is away for a moment costs nobody an upload while there is time.
                Err(StoreError::Overloaded | StoreError::Unavailable(_))
                    if extended.elapsed() < ttl / 2 => {}
                Err(error) => return error.into(),
            }
        }
    }

    /// Where this cannot be written, a repetition may take the name; then it is its upload that counts.
    async fn hold_name(&self, opened: &Opened) {
        let held = self.app.store.hold_claim(&self.actor, opened.upload.id);
        if let Err(error) = held.await {
            tracing::warn!(error = ?error, upload.id = %opened.upload.id,
                "the idempotency key of an upload was not held on to");
        }
    }

    /// Why the upload must not go on, if the database says so; one that does not answer says nothing.
    async fn ended(&self) -> Option<StoreError> {
        let store = &self.app.store;
        let looked = store.still_permits(&self.actor, Action::FileUpload).await;
        looked.err().filter(|error| {
            matches!(
                error,
                StoreError::TenantSuspended
                    | StoreError::CredentialEnded
                    | StoreError::Forbidden(_)
            )
        })
    }

    /// Holds `more` bytes and moves the end of the upload's time.
    pub(super) async fn extend(&self, opened: &Opened, more: i64) -> Result<(), StoreError> {
        let tx = self
            .app
            .store
            .begin_again(&self.actor, Action::FileUpload)
            .await?;
        let id: UploadId = opened.upload.id;
        tx.extend_upload(id, more, self.ends_at(tx.now())?).await?;
        let event = FileUploadBegun {
            file: Target(opened.file.id),
            upload: Target(id),
            phase: Public("extended"),
            reserved: Public(more),
        };
        tx.commit(event).await?;
        Ok(())
    }

    pub(super) fn ends_at(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
        let ttl = TimeDelta::from_std(self.app.config.files.upload_ttl);
        Ok(now + ttl.map_err(StoreError::internal)?)
    }
}
