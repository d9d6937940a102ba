//! From the body into the store, checked on the way.

use bytes::Bytes;
use policy::limit::STREAM_RESERVATION_STEP_BYTES;
use store::{
    system::Reason,
    upload::{Leftovers, Opened, Settled},
};

use super::{body::Pieces, session::Session};
use crate::{
    adapter::blob::{BlobError, Description, MultipartWriter},
    error::{Code, Error},
    service::{object, upload::Intake},
};

/// One body on its way.
pub(super) struct Transfer<'a> {
    session: &'a Session,
    opened: &'a Opened,
    leftovers: Leftovers,
    intake: Intake,
    /// What came before the verdict: the head and the rest of its last chunk.
    waiting: Vec<Bytes>,
    writer: Option<MultipartWriter>,
    /// Whether anything may be in the store.
    touched: bool,
    held: u64,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(session: &'a Session, opened: &'a Opened) -> Self {
        Self {
            session,
            opened,
            leftovers: opened.leftovers(),
            intake: Intake::new(session.expected.clone()),
            waiting: Vec::new(),
            writer: None,
            touched: false,
            held: session.reserves(),
        }
    }

    /// Takes the whole body; when it returns, the object is in its place.
    pub(super) async fn run(&mut self, pieces: &mut Pieces) -> Result<Settled, Error> {
        while let Some(bytes) = pieces.next().await? {
            self.intake.take(&bytes)?;
            self.hold().await?;
            self.waiting.push(bytes);
            self.write().await?;
        }
        let settled = self.intake.end()?;
        self.write().await?;
        self.finish().await?;
        Ok(settled)
    }

    /// Removes what may be in the store.
    pub(super) async fn clear(mut self) -> Result<(), BlobError> {
        if !self.touched {
            return Ok(());
        }
        if let Some(writer) = self.writer.take() {
            writer.abort().await?;
        }
        object::remove(&self.session.app.blob, &self.leftovers).await
    }

    /// Bytes are held before they are written; only a body of unknown length needs more on the way.
    async fn hold(&mut self) -> Result<(), Error> {
        let missing = self.intake.byte_len().saturating_sub(self.held);
        if missing > 0 {
            let more = missing.next_multiple_of(STREAM_RESERVATION_STEP_BYTES);
            let amount = i64::try_from(more).map_err(Error::internal)?;
            self.session.extend(self.opened, amount).await?;
            self.held += more;
        }
        Ok(())
    }

    /// Nothing is written before the verdict.
    async fn write(&mut self) -> Result<(), Error> {
        let Some(accepted) = self.intake.accepted() else {
            return Ok(());
        };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                self.touched = true;
                let description = Description::of(&accepted.media_type);
                let key = self.leftovers.object_key.as_str();
                let blob = &self.session.app.blob;
                none.insert(MultipartWriter::begin(blob, key, description))
            }
        };
        for bytes in self.waiting.drain(..) {
            writer.write(bytes).await.map_err(object::failed)?;
        }
        if self.leftovers.multipart_id.is_none()
            && let Some(id) = writer.upload_id()
        {
            self.leftovers.multipart_id = Some(id.to_owned());
            self.remember().await?;
        }
        Ok(())
    }

    async fn remember(&self) -> Result<(), Error> {
        let upload = &self.opened.upload;
        if let Some(id) = &self.leftovers.multipart_id {
            let store = &self.session.app.store;
            let tx = store
                .begin_system_within(Reason::UploadBookkeeping, upload.tenant_id)
                .await?;
            tx.set_multipart(upload.tenant_id, upload.id, id).await?;
            tx.commit_without_event().await?;
        }
        Ok(())
    }

    /// Bounded, so that the object is in its place while the upload still has time.
    async fn finish(&mut self) -> Result<(), Error> {
        let Some(writer) = self.writer.take() else {
            return Err(Error::internal("a body was accepted and not written"));
        };
        let most = self.session.app.config.files.upload_ttl / 2;
        match tokio::time::timeout(most, writer.finish()).await {
            Ok(stored) => stored.map(drop).map_err(object::failed),
            Err(_) => Err(Error::new(Code::Unavailable)
                .because("the object was not finished in time")
                .retry_after(5)),
        }
    }
}
