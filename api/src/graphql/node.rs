//! Anything with an id, by its id alone.

use std::sync::Arc;

use async_graphql::{ID, Interface};
use entity::{AnyId, TenantId};
use policy::Action;
use store::Snapshot;

use super::{
    api_key::{self, ApiKey},
    audit_entry::{self, AuditEntry},
    audit_event::{self, AuditEvent},
    audit_export::{self, AuditExport},
    audit_verification::{self, AuditVerification},
    file::{self, File},
    member::{self, Member},
    tenant::Tenant,
};
use crate::{
    error::{Error, Failure},
    request::Request,
};

/// Anything with an id.
#[derive(Debug, Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "Opaque; its first three letters say the kind."
))]
pub enum Node {
    /// A tenant.
    Tenant(Tenant),
    /// A file.
    File(File),
    /// A person in a tenant.
    Member(Member),
    /// An API key.
    ApiKey(ApiKey),
    /// An entry of an audit log.
    AuditEntry(AuditEntry),
    /// An event on its way into an audit log.
    AuditEvent(AuditEvent),
    /// A run of verification.
    AuditVerification(AuditVerification),
    /// An export of an audit log.
    AuditExport(AuditExport),
}

/// What the id leads to in the active tenant. A foreign id, a random one and a text that is no id
/// lead nowhere, with the same answer.
///
/// # Errors
/// [`crate::error::Code::Forbidden`] for a kind the caller may not read, before anything is looked up.
pub(super) async fn find(request: &Arc<Request>, id: &str) -> Result<Option<Node>, Failure> {
    // Begun first, so that a caller without a tenant learns nothing about ids either.
    let snapshot = request.snapshot().await?;
    let Ok(id) = id.parse::<AnyId>() else {
        return Ok(None);
    };
    Ok(match id {
        AnyId::TenantId(id) => tenant(&snapshot, id).await?.map(Node::Tenant),
        AnyId::FileId(id) => file::find(request, id).await?.map(Node::File),
        AnyId::MemberId(id) => member::find(&snapshot, id).await?.map(Node::Member),
        AnyId::ApiKeyId(id) => api_key::find(&snapshot, id).await?.map(Node::ApiKey),
        AnyId::EntryId(id) => audit_entry::find(&snapshot, id)
            .await?
            .map(Node::AuditEntry),
        AnyId::EventId(id) => audit_event::find(&snapshot, id)
            .await?
            .map(Node::AuditEvent),
        AnyId::VerificationId(id) => audit_verification::find(&snapshot, id)
            .await?
            .map(Node::AuditVerification),
        AnyId::AuditExportId(id) => audit_export::find(&snapshot, id)
            .await?
            .map(Node::AuditExport),
        _ => None,
    })
}

async fn tenant(snapshot: &Snapshot, id: TenantId) -> Result<Option<Tenant>, Error> {
    let view = snapshot.view(Action::TenantRead)?;
    if id != view.tenant() {
        return Ok(None);
    }
    Ok(Some(Tenant::new(view.tenant_record().await?)))
}
