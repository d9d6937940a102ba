//! Checkpoints that are handed out: whoever keeps one can bring it back.

use entity::TenantId;
use policy::Action;
use sea_orm::{ConnectionTrait, Value};

use crate::{Actor, Noun, Store, StoreError, conn::Conn, system::Reason};

impl Store {
    /// The newest signed checkpoint of the actor's log, as a note; it is kept for good from now on.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`], [`StoreError::TenantSuspended`]; [`StoreError::NotFound`] in a log that is older
    /// than checkpoints, until its next entry; or as the database says.
    pub async fn hand_out_checkpoint(&self, actor: &Actor) -> Result<String, StoreError> {
        // Refuses whoever may not, and a tenant that is not active.
        let snapshot = self.snapshot(actor).await?;
        snapshot.view(Action::AuditRead)?;
        drop(snapshot);
        let tx = self
            .begin_system_within(Reason::CheckpointPinning, actor.tenant())
            .await?;
        let note = pin_newest(tx.conn(), actor.tenant()).await?;
        tx.commit_without_event().await?;
        note.ok_or(StoreError::NotFound(Noun::AuditEntry))
    }
}

async fn pin_newest(conn: &Conn, tenant: TenantId) -> Result<Option<String>, StoreError> {
    let values: [Value; 1] = [tenant.into()];
    let statement = conn.sql(
        "UPDATE audit_checkpoint SET pinned = TRUE WHERE tenant_id = $1 AND (epoch, size) = \
         (SELECT epoch, size FROM audit_checkpoint WHERE tenant_id = $1 \
         ORDER BY epoch DESC, size DESC LIMIT 1) RETURNING note",
        values,
    );
    let row = conn.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "note")).transpose()?)
}
