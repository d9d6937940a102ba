//! The one table: which right every action takes.

use std::fmt;

use crate::{Action, Role, Scope};
use Role::{Admin, Auditor, Member, Owner, Viewer};

/// What an API key must carry for an action, besides a creator whose role still allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNeed {
    /// No key may do it, whatever its scopes.
    Never,
    /// Any valid key of the tenant may.
    Any,
    /// A key with this scope may.
    Scope(Scope),
}

/// Who may do an action. `Display` is a phrase for descriptions and refusals,
/// such as `role owner, admin or member; or scope files:write`, or
/// `role owner or admin, signed in as a person; API keys cannot`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The roles that may, and the roles a key's creator must have.
    pub roles: &'static [Role],
    /// What a key must carry.
    pub key: KeyNeed,
    /// Whether an operator may.
    pub operator: bool,
    /// Whether any signed-in person may, in a tenant or beside one.
    pub person: bool,
}

impl Need {
    /// The scope a key must carry, if there is a particular one.
    pub const fn scope(&self) -> Option<Scope> {
        match self.key {
            KeyNeed::Scope(scope) => Some(scope),
            KeyNeed::Never | KeyNeed::Any => None,
        }
    }

    /// Whether only the server itself does it, on nobody's request.
    pub const fn is_system(&self) -> bool {
        self.roles.is_empty() && !self.operator && !self.person
    }
}

const EVERYBODY: &[Role] = &[Owner, Admin, Member, Viewer, Auditor];
const READERS: &[Role] = &[Owner, Admin, Member, Viewer];
const WRITERS: &[Role] = &[Owner, Admin, Member];
const MANAGERS: &[Role] = &[Owner, Admin];
const OWNERS: &[Role] = &[Owner];
const INSPECTORS: &[Role] = &[Owner, Admin, Auditor];

const fn scoped(roles: &'static [Role], scope: Scope) -> Need {
    Need {
        roles,
        key: KeyNeed::Scope(scope),
        operator: false,
        person: false,
    }
}

const fn people(roles: &'static [Role]) -> Need {
    Need {
        roles,
        key: KeyNeed::Never,
        operator: false,
        person: false,
    }
}

const ANY_MEMBER_OR_KEY: Need = Need {
    roles: EVERYBODY,
    key: KeyNeed::Any,
    operator: false,
    person: false,
};
const PERSON: Need = Need {
    roles: &[],
    key: KeyNeed::Never,
    operator: false,
    person: true,
};
const OPERATOR: Need = Need {
    roles: &[],
    key: KeyNeed::Never,
    operator: true,
    person: false,
};
const SYSTEM: Need = Need {
    roles: &[],
    key: KeyNeed::Never,
    operator: false,
    person: false,
};

/// The right `action` takes. Every rule of the product about who may do what is in this match.
///
/// Managing keys and people is for owners and admins in person, never for a key. The tenant's own record is
/// open to every key, because it is the node under which a client finds everything else.
pub const fn needs(action: Action) -> Need {
    match action {
        Action::TenantRead => ANY_MEMBER_OR_KEY,
        Action::SettingsRead => scoped(EVERYBODY, Scope::SettingsRead),
        Action::ContactRead => scoped(MANAGERS, Scope::SettingsRead),
        Action::MemberList => people(EVERYBODY),
        Action::QuotaRead => scoped(EVERYBODY, Scope::UsageRead),
        Action::FileList | Action::FileRead => scoped(EVERYBODY, Scope::FilesRead),
        Action::FileUpload | Action::FileRestore => scoped(WRITERS, Scope::FilesWrite),
        Action::UploadCreate | Action::UploadComplete => scoped(WRITERS, Scope::UploadsCreate),
        Action::FileTrash => scoped(WRITERS, Scope::FilesDelete),
        Action::FilePurge => scoped(MANAGERS, Scope::FilesDelete),
        Action::LinkCreate => scoped(READERS, Scope::UrlsCreate),
        Action::ApiKeyList
        | Action::ApiKeyCreate
        | Action::ApiKeyRevoke
        | Action::MemberInvite
        | Action::MemberRemove
        | Action::TenantUpdate
        | Action::SettingsUpdate => people(MANAGERS),
        Action::AuditRead | Action::AuditExport | Action::AuditExportLink => {
            scoped(INSPECTORS, Scope::AuditRead)
        }
        Action::AuditDisclose => people(INSPECTORS),
        Action::AuditVerify => scoped(INSPECTORS, Scope::AuditVerify),
        Action::AuditHoldSet => people(INSPECTORS),
        Action::AuditHoldClear | Action::AuditRedact | Action::AuditPrune => people(OWNERS),
        Action::InvitationAccept
        | Action::SessionLogin
        | Action::SessionLogout
        | Action::SessionTenantSelect => PERSON,
        Action::TenantCreate
        | Action::TenantActivate
        | Action::TenantSuspend
        | Action::TenantRestore
        | Action::TenantDeactivate
        | Action::TenantTierChange
        | Action::QuotaOverrideSet
        | Action::QuotaOverrideClear
        | Action::TenantList
        | Action::SystemChainRead
        | Action::AuditKeyRotate
        | Action::OperatorLogin
        | Action::OperatorLogout
        | Action::OperatorCreate => OPERATOR,
        Action::FileReady
        | Action::FileReject
        | Action::FileDelete
        | Action::UploadExpire
        | Action::TrashExpire
        | Action::AuditGenesis
        | Action::AuditDraftReject
        | Action::AuditKeyRetire
        | Action::AuditPruneDone
        | Action::AuditCosignerCreate
        | Action::AuditCheckpointCollect
        | Action::AuditForkDetect
        | Action::AuditRecover
        | Action::TenantExport
        | Action::TenantPurge
        | Action::MasterKeyRotate
        | Action::Bootstrap => SYSTEM,
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut alternatives = Vec::new();
        match self.roles {
            [] => {}
            roles if roles.len() == Role::ALL.len() => alternatives.push("any role".to_owned()),
            roles => alternatives.push(format!("role {}", listed(roles))),
        }
        let in_person = self.key == KeyNeed::Never && !self.roles.is_empty();
        if in_person && let Some(roles) = alternatives.last_mut() {
            roles.push_str(", signed in as a person");
        }
        match self.key {
            KeyNeed::Never => {}
            KeyNeed::Any => alternatives.push("any API key".to_owned()),
            KeyNeed::Scope(scope) => alternatives.push(format!("scope {scope}")),
        }
        if self.person {
            alternatives.push("any signed-in person".to_owned());
        }
        if self.operator {
            alternatives.push("an operator".to_owned());
        }
        if alternatives.is_empty() {
            alternatives.push("the server itself".to_owned());
        }
        f.write_str(&alternatives.join("; or "))?;
        if in_person || self.person {
            f.write_str("; API keys cannot")?;
        }
        Ok(())
    }
}

fn listed(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
