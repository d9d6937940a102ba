//! An event on its way to being evidence.

use async_graphql::{Context, Enum, ID, Object};
use entity::{EventId, audit_entry};
use policy::Action;
use store::{EventRef, EventStatus, Snapshot};

use super::{audit_entry::AuditEntry, context};
use crate::error::Failure;

/// How far an event is on its way to being evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AuditEventStatus {
    /// Committed, and not yet in its chain.
    Pending,
    /// In its chain.
    Sequenced,
    /// Covered by a signed checkpoint.
    Signed,
    /// Covered by a checkpoint kept outside the service.
    Anchored,
}

/// Something that was recorded.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    id: EventId,
    status: EventStatus,
    /// Read already, when the event was looked up.
    entry: Option<Box<audit_entry::Model>>,
}

impl From<EventRef> for AuditEvent {
    fn from(event: EventRef) -> Self {
        Self {
            id: event.id,
            status: event.status,
            entry: None,
        }
    }
}

/// Something that was recorded.
#[Object]
impl AuditEvent {
    /// `evt_…`; give it to `node` to see how far the event is.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// How far it is.
    async fn status(&self) -> AuditEventStatus {
        match self.status {
            EventStatus::Pending => AuditEventStatus::Pending,
            EventStatus::Sequenced => AuditEventStatus::Sequenced,
            EventStatus::Signed => AuditEventStatus::Signed,
            EventStatus::Anchored => AuditEventStatus::Anchored,
        }
    }

    /// Its entry; null before it is sequenced, and for an event outside the active tenant. Needs role
    /// owner, admin or auditor; or scope audit:read.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<AuditEntry>, Failure> {
        let request = context::request(ctx)?;
        // Signing in has an event, and its caller has no tenant yet.
        if request.caller.actor().is_err() {
            return Ok(None);
        }
        let snapshot = request.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        if let Some(entry) = &self.entry {
            return Ok(Some(AuditEntry::new((**entry).clone())));
        }
        let event = view.find_event(self.id).await?;
        Ok(event.and_then(|event| event.entry).map(AuditEntry::new))
    }
}

/// One event of the active tenant.
pub(super) async fn find(snapshot: &Snapshot, id: EventId) -> Result<Option<AuditEvent>, Failure> {
    let view = snapshot.view(Action::TenantRead)?;
    let found = view.find_event(id).await?;
    Ok(found.map(|row| AuditEvent {
        id,
        status: row.status,
        entry: row.entry.map(Box::new),
    }))
}
