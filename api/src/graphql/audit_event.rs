//! An event on its way to being evidence.

use async_graphql::{Enum, ID, Object};
use store::EventRef;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditEvent {
    event: EventRef,
}

impl From<EventRef> for AuditEvent {
    fn from(event: EventRef) -> Self {
        Self { event }
    }
}

/// Something that was recorded.
#[Object]
impl AuditEvent {
    /// `evt_…`; give it to `node` to see how far the event is.
    async fn id(&self) -> ID {
        ID(self.event.id.to_string())
    }

    /// How far it is.
    async fn status(&self) -> AuditEventStatus {
        match self.event.status {
            store::EventStatus::Pending => AuditEventStatus::Pending,
            store::EventStatus::Sequenced => AuditEventStatus::Sequenced,
        }
    }
}
