//! The closed lists of words, as GraphQL has them.
//!
//! Each mirrors an enum of another crate variant by variant, so that a new one does not compile until
//! it stands here too.

use async_graphql::Enum;

/// What a person is inside one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::Role")]
pub enum Role {
    /// Everything in the tenant, and the only role that makes other owners.
    Owner,
    /// Everything in the tenant except making or removing owners.
    Admin,
    /// Works with files: uploads, links, trash and restore.
    Member,
    /// Reads and downloads, changes nothing.
    Viewer,
    /// Reads the audit log, usage and file metadata; never a file's bytes.
    Auditor,
}

/// One right an API key can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::Scope")]
pub enum Scope {
    /// `files:read`: list files and read their metadata.
    FilesRead,
    /// `files:write`: upload through the server and restore from the trash.
    FilesWrite,
    /// `files:delete`: move files to the trash; purge them when the key's creator could.
    FilesDelete,
    /// `uploads:create`: create and complete direct uploads.
    UploadsCreate,
    /// `urls:create`: create signed links to files.
    UrlsCreate,
    /// `usage:read`: read quotas and usage.
    UsageRead,
    /// `audit:read`: read the audit log.
    AuditRead,
    /// `audit:verify`: run a verification of the audit log.
    AuditVerify,
    /// `settings:read`: read the tenant's settings.
    SettingsRead,
    /// `ai:invoke`: call models through the AI gateway.
    AiInvoke,
}

/// Where a tenant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::TenantStatus")]
pub enum TenantStatus {
    /// Created, not yet opened.
    Pending,
    /// Open.
    Active,
    /// Refused everywhere until restored.
    Suspended,
    /// Closed for good.
    Deactivated,
}

/// The plan a tenant is on; gives the default of every quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::Tier")]
pub enum Tier {
    /// The smallest plan.
    Free,
    /// The first paid plan.
    Basic,
    /// The middle plan.
    Professional,
    /// The largest plan.
    Enterprise,
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::QuotaMetric")]
pub enum QuotaMetric {
    /// Authenticated calls of API keys, per period.
    ApiCalls,
    /// Tokens spent through the AI gateway, per period.
    AiTokens,
    /// Bytes kept, the trash included.
    StorageBytes,
    /// Members of the tenant, open invitations included.
    Users,
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "audit::entry::Outcome")]
pub enum AuditOutcome {
    /// It was done.
    Success,
    /// It was tried and went wrong.
    Failure,
    /// The principal was not allowed to.
    Denied,
    /// It is not known whether it was done.
    Unknown,
}

/// What happened to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "audit::chain::Damage")]
pub enum Damage {
    /// An entry's bytes, or the hash stored beside them, are not what was sealed.
    ContentAltered,
    /// An entry does not follow the entry before it, and it is the later one that was changed.
    LinkBroken,
    /// An entry is gone.
    EntryMissing,
    /// An entry is there that was not sealed there.
    EntryInserted,
    /// An entry stands in another's place.
    Reordered,
    /// A column that repeats a field of the entry differs from it.
    ProjectionAltered,
    /// A disclosure does not have the digest in its entry, or no entry asks for it.
    DisclosureAltered,
    /// A disclosure that an entry refers to is gone.
    DisclosureMissing,
    /// The log is shorter than it is known to have been.
    RolledBack,
    /// The log differs from what it is known to have been.
    Forked,
}
