//! Every door names the right it takes, in the words of the policy.

use policy::{Action, needs};

use super::{Schema, types_of};

/// What a field's description must end with.
#[derive(Debug, Clone, Copy)]
enum Right {
    /// What the policy says of this action.
    Of(Action),
    /// Whoever got here: any caller with a credential.
    Caller,
    /// Nothing; what stands beside it.
    Nobody(&'static str),
    /// Several kinds behind one door.
    Each(&'static str),
}

impl Right {
    fn sentence(self) -> String {
        match self {
            Self::Of(action) => format!("Needs {}.", needs(action)),
            Self::Caller => "Needs any signed-in person; or any API key.".to_owned(),
            Self::Nobody(beside) => format!("Needs no credential{beside}."),
            Self::Each(kinds) => format!("Needs {}; {kinds}.", needs(Action::TenantRead)),
        }
    }
}

use Right::{Caller, Each, Nobody, Of};

const TENANT: &[(&str, Right)] = &[
    ("Query.viewer", Caller),
    ("Query.node", Each("and the right of the kind it leads to")),
    (
        "Query.nodes",
        Each("and the right of the kinds they lead to"),
    ),
    ("Viewer.principal", Caller),
    ("Viewer.tenant", Of(Action::TenantRead)),
    ("Viewer.memberships", Caller),
    ("Tenant.id", Of(Action::TenantRead)),
    ("Tenant.slug", Of(Action::TenantRead)),
    ("Tenant.name", Of(Action::TenantRead)),
    ("Tenant.status", Of(Action::TenantRead)),
    ("Tenant.tier", Of(Action::TenantRead)),
    ("Tenant.createdAt", Of(Action::TenantRead)),
    ("Tenant.version", Of(Action::TenantRead)),
    ("Tenant.contact", Of(Action::ContactRead)),
    ("Tenant.billingContact", Of(Action::ContactRead)),
    ("Tenant.settings", Of(Action::SettingsRead)),
    ("Mutation.tenantUpdate", Of(Action::TenantUpdate)),
    ("Mutation.tenantSettingsUpdate", Of(Action::SettingsUpdate)),
    ("Tenant.members", Of(Action::MemberList)),
    ("Tenant.apiKeys", Of(Action::ApiKeyList)),
    ("Tenant.quotas", Of(Action::QuotaRead)),
    ("Tenant.files", Of(Action::FileList)),
    ("Tenant.auditEntries", Of(Action::AuditRead)),
    ("Tenant.auditChain", Of(Action::AuditRead)),
    ("AuditEvent.entry", Of(Action::AuditRead)),
    ("AuditChain.exports", Of(Action::AuditExport)),
    ("AuditChain.counts", Of(Action::AuditRead)),
    ("AuditChain.sample", Of(Action::AuditRead)),
    ("AuditExport.downloadUrl", Of(Action::AuditExportLink)),
    ("Mutation.login", Nobody("")),
    ("Mutation.logout", Of(Action::SessionLogout)),
    (
        "Mutation.sessionTenantSelect",
        Of(Action::SessionTenantSelect),
    ),
    ("Mutation.memberInvite", Of(Action::MemberInvite)),
    (
        "Mutation.invitationAccept",
        Nobody(" beside the token of the invitation"),
    ),
    ("Mutation.memberRemove", Of(Action::MemberRemove)),
    ("Mutation.apiKeyCreate", Of(Action::ApiKeyCreate)),
    ("Mutation.apiKeyRevoke", Of(Action::ApiKeyRevoke)),
    ("Mutation.fileUploadCreate", Of(Action::UploadCreate)),
    ("Mutation.fileUploadComplete", Of(Action::UploadComplete)),
    ("Mutation.fileTrash", Of(Action::FileTrash)),
    ("Mutation.fileRestore", Of(Action::FileRestore)),
    ("Mutation.filePurge", Of(Action::FilePurge)),
    ("Mutation.fileSignedUrlCreate", Of(Action::LinkCreate)),
    ("Mutation.auditVerify", Of(Action::AuditVerify)),
    ("Mutation.auditExportCreate", Of(Action::AuditExport)),
    ("AuditChain.redactions", Of(Action::AuditRead)),
    ("AuditChain.prunes", Of(Action::AuditRead)),
    ("AuditChain.holds", Of(Action::AuditRead)),
    ("AuditChain.prunePlan", Of(Action::AuditPrune)),
    ("Mutation.auditHoldSet", Of(Action::AuditHoldSet)),
    ("Mutation.auditHoldClear", Of(Action::AuditHoldClear)),
    ("Mutation.auditRedact", Of(Action::AuditRedact)),
    ("Mutation.auditPrune", Of(Action::AuditPrune)),
];

const OPERATOR: &[(&str, Right)] = &[
    ("Query.viewer", Of(Action::TenantList)),
    ("Query.tenants", Of(Action::TenantList)),
    ("Query.tenant", Of(Action::TenantList)),
    ("Query.systemChain", Of(Action::SystemChainRead)),
    ("OperatorViewer.principal", Of(Action::TenantList)),
    ("Tenant.id", Of(Action::TenantList)),
    ("Tenant.slug", Of(Action::TenantList)),
    ("Tenant.name", Of(Action::TenantList)),
    ("Tenant.status", Of(Action::TenantList)),
    ("Tenant.statusReason", Of(Action::TenantList)),
    ("Tenant.tier", Of(Action::TenantList)),
    ("Tenant.createdAt", Of(Action::TenantList)),
    ("Tenant.deactivatedAt", Of(Action::TenantList)),
    ("Tenant.purgeAfter", Of(Action::TenantList)),
    ("Tenant.exportedAt", Of(Action::TenantList)),
    ("Tenant.quotas", Of(Action::TenantList)),
    ("Tenant.contact", Of(Action::TenantList)),
    ("Tenant.billingContact", Of(Action::TenantList)),
    ("Mutation.tenantDeactivate", Of(Action::TenantDeactivate)),
    ("Mutation.tenantTierChange", Of(Action::TenantTierChange)),
    ("Mutation.quotaOverrideSet", Of(Action::QuotaOverrideSet)),
    (
        "Mutation.quotaOverrideClear",
        Of(Action::QuotaOverrideClear),
    ),
    ("AuditEvent.entry", Of(Action::AuditRead)),
    ("Mutation.operatorLogin", Nobody("")),
    ("Mutation.operatorLogout", Of(Action::OperatorLogout)),
    ("Mutation.tenantCreate", Of(Action::TenantCreate)),
    ("Mutation.tenantActivate", Of(Action::TenantActivate)),
    ("Mutation.tenantSuspend", Of(Action::TenantSuspend)),
    ("Mutation.tenantRestore", Of(Action::TenantRestore)),
    ("Mutation.auditKeyRotate", Of(Action::AuditKeyRotate)),
];

/// Whose every field is a door of its own.
const DOORS: [&str; 5] = ["Query", "Mutation", "Viewer", "OperatorViewer", "Tenant"];

/// What the descriptions of a schema lack, door by door.
async fn complaints(schema: Schema, table: &[(&str, Right)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen = Vec::new();
    for ty in types_of(schema).await {
        let owner = ty["name"].as_str().unwrap_or_default();
        for field in ty["fields"].as_array().into_iter().flatten() {
            let path = format!("{owner}.{}", field["name"].as_str().unwrap_or_default());
            let text = flowed(field["description"].as_str().unwrap_or_default());
            match table.iter().find(|(door, _)| *door == path) {
                None if DOORS.contains(&owner) => complaints.push(format!("{path}: no right")),
                Some((_, right)) if !text.ends_with(&right.sentence()) => {
                    complaints.push(format!("{path}: does not end with {:?}", right.sentence()));
                }
                _ => {}
            }
            seen.push(path);
        }
    }
    let gone = table
        .iter()
        .filter(|(door, _)| !seen.iter().any(|path| path == door));
    complaints.extend(gone.map(|(door, _)| format!("{door}: no such field")));
    complaints
}

/// A description without the line breaks of its source.
fn flowed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_door_of_the_tenant_schema_names_its_right() {
    let complaints = complaints(Schema::Tenant, TENANT).await;
    assert_eq!(complaints, Vec::<String>::new());
}

#[tokio::test]
async fn every_door_of_the_operator_schema_names_its_right() {
    let complaints = complaints(Schema::Operator, OPERATOR).await;
    assert_eq!(complaints, Vec::<String>::new());
}

#[tokio::test]
async fn a_door_without_an_entry_is_a_complaint() {
    let all_but_one = TENANT.get(1..).unwrap_or_default();
    let complaints = complaints(Schema::Tenant, all_but_one).await;
    assert_eq!(complaints, vec!["Query.viewer: no right".to_owned()]);
}
