//! Changes that take several transactions: the name goes with the upload that is open between them.

use entity::UploadId;

use super::{HELD, HOLDING, row, row::Place, taken::Taken};
use crate::{Actor, Events, Receipt, Store, StoreError, Tx, system::Reason};

impl Tx {
    /// Commits the first part of a change that streams: the name stays taken for as long as `upload` is open and
    /// [`Store::hold_claim`] says so. Without a name it is [`Tx::commit`].
    ///
    /// # Errors
    /// As [`Tx::commit`].
    pub async fn commit_holding(
        mut self,
        upload: UploadId,
        events: impl Into<Events>,
    ) -> Result<Receipt, StoreError> {
        let Some(taken) = self.take_claim() else {
            return self.commit(events).await;
        };
        let place = Place::of(self.tenant(), self.principal(), &taken.claim);
        row::hold(self.conn(), &place, upload, self.now() + HELD).await?;
        let receipt = self.commit(events).await?;
        taken.claim.advance(HOLDING);
        Ok(receipt)
    }

    /// Commits the last part of a change that streamed, as the outcome of its request. Without a name it is
    /// [`Tx::commit`].
    ///
    /// # Errors
    /// As [`Tx::commit`]; [`StoreError::IdempotencyKeyInUse`] when the name was lost to a repetition, because
    /// nothing was heard of this one for [`HELD`].
    pub async fn commit_held(
        mut self,
        upload: UploadId,
        events: impl Into<Events>,
    ) -> Result<Receipt, StoreError> {
        if let Some(claim) = self.claim().filter(|claim| claim.stage() == HOLDING) {
            let upload = Some(upload);
            self.put_claim(Taken { claim, upload });
        }
        self.commit(events).await
    }
}

impl Store {
    /// Says that the stream into `upload` is at work, so that its name stays taken. Nothing to do without a name.
    ///
    /// # Errors
    /// As the database says.
    pub async fn hold_claim(&self, actor: &Actor, upload: UploadId) -> Result<(), StoreError> {
        let claim = actor.request.claim.as_ref();
        let Some(claim) = claim.filter(|claim| claim.stage() == HOLDING) else {
            return Ok(());
        };
        let tx = self
            .begin_system_within(Reason::IdempotencyBookkeeping, actor.tenant)
            .await?;
        let place = Place::of(actor.tenant, actor.principal, claim);
        row::hold_on(tx.conn(), &place, upload, tx.now() + HELD).await?;
        tx.commit_without_event().await
    }
}
