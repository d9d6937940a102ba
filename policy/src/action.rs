//! Everything that can be asked of the product, and the name each has in the audit log.

/// Declares the actions: the first doc line of each is also what [`Action::describe`] answers.
macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        crate::text::text_enum! {
            /// One thing somebody can ask for. The set is closed: an action without a rule does not compile.
            ///
            /// Success, failure and denial of one thing share one name; the outcome stands beside it.
            pub enum Action: "action" {
                $($(#[doc = $doc])+ $variant = $name,)+
            }
        }

        impl Action {
            /// What it means that this action is in the log, as one sentence.
            pub const fn describe(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

actions! {
    /// The tenant's own record was read.
    TenantRead = "tenant.read",
    /// The tenant's name or contacts were changed.
    TenantUpdate = "tenant.update",
    /// The tenant's contacts were read.
    ContactRead = "tenant.contact_read",
    /// The tenant's settings were read.
    SettingsRead = "settings.read",
    /// The tenant's settings were changed.
    SettingsUpdate = "settings.update",
    /// The members of the tenant were listed.
    MemberList = "member.list",
    /// Quotas and usage were read.
    QuotaRead = "usage.read",
    /// Files were listed.
    FileList = "file.list",
    /// One file's metadata was read.
    FileRead = "file.read",
    /// A file was uploaded in one request that streamed through the server.
    FileUpload = "file.upload",
    /// A direct upload was opened: quota reserved, signed request handed out.
    UploadCreate = "file.upload_create",
    /// The client declared a direct upload complete; its verification began.
    UploadComplete = "file.upload_complete",
    /// A file was moved to the trash.
    FileTrash = "file.trash",
    /// A file was taken back out of the trash.
    FileRestore = "file.restore",
    /// A file was purged: its quota is free at once, its bytes go after the purge delay.
    FilePurge = "file.purge",
    /// A signed link to a file was made.
    LinkCreate = "link.create",
    /// The API keys of the tenant were listed.
    ApiKeyList = "api_key.list",
    /// An API key was made.
    ApiKeyCreate = "api_key.create",
    /// An API key was revoked.
    ApiKeyRevoke = "api_key.revoke",
    /// A person was invited into the tenant.
    MemberInvite = "member.invite",
    /// An invitation was accepted and its person became a member.
    InvitationAccept = "invitation.accept",
    /// A member was removed from the tenant.
    MemberRemove = "member.remove",
    /// A person signed in.
    SessionLogin = "session.login",
    /// A person signed out.
    SessionLogout = "session.logout",
    /// A person made a tenant the active one of a session.
    SessionTenantSelect = "session.tenant_select",
    /// Audit entries were read.
    AuditRead = "audit.read",
    /// The audit chain was verified.
    AuditVerify = "audit.verify",
    /// An export of the audit log was begun, made, given up or removed.
    AuditExport = "audit.export",
    /// A signed link to an export of the audit log was made.
    AuditExportLink = "audit.export.link",
    /// Personal values of audit entries were exported with them.
    AuditDisclose = "audit.disclose",
    /// A legal hold was set: nothing that it covers is redacted or pruned while it is in force.
    AuditHoldSet = "audit.hold.set",
    /// A legal hold was lifted.
    AuditHoldClear = "audit.hold.clear",
    /// Personal values of entries were redacted: their disclosures go, the entries stay.
    AuditRedact = "audit.redact",
    /// Old disclosures, or the bytes of old entries, were pruned: the entry stands before anything goes.
    AuditPrune = "audit.prune",
    /// An operator created a tenant.
    TenantCreate = "tenant.create",
    /// An operator activated a tenant.
    TenantActivate = "tenant.activate",
    /// An operator suspended a tenant.
    TenantSuspend = "tenant.suspend",
    /// An operator lifted a tenant's suspension.
    TenantRestore = "tenant.restore",
    /// An operator closed a tenant for good: its retention clock runs.
    TenantDeactivate = "tenant.deactivate",
    /// An operator put a tenant on another tier: its limits changed with it.
    TenantTierChange = "tenant.tier_change",
    /// An operator gave a tenant a limit of its own.
    QuotaOverrideSet = "quota.override_set",
    /// An operator took a tenant's own limit away: the tier's holds again.
    QuotaOverrideClear = "quota.override_clear",
    /// An operator listed tenants.
    TenantList = "tenant.list",
    /// An operator read the system log's chain.
    SystemChainRead = "system_chain.read",
    /// An operator signed in.
    OperatorLogin = "operator.login",
    /// An operator signed out.
    OperatorLogout = "operator.logout",
    /// An operator account was made.
    OperatorCreate = "operator.create",
    /// A file passed every check and can be downloaded.
    FileReady = "file.ready",
    /// A file failed a check; its bytes are not kept.
    FileReject = "file.reject",
    /// The bytes of a purged file were deleted from the store.
    FileDelete = "file.delete",
    /// An upload that nobody completed in time was closed.
    UploadExpire = "file.upload_expire",
    /// A file left the trash because its retention was over.
    TrashExpire = "file.trash_expire",
    /// An audit log began: the first entry of every chain.
    AuditGenesis = "audit.genesis",
    /// A draft that could not become an entry was put into quarantine.
    AuditDraftReject = "audit.draft_rejected",
    /// A log got a new signing key beside the one that it will replace.
    AuditKeyRotate = "audit.key",
    /// A signing key of a log was replaced for good: its seed was destroyed.
    AuditKeyRetire = "audit.key.retired",
    /// What a prune said would go is gone.
    AuditPruneDone = "audit.prune.done",
    /// The key that states when a log had which head was made.
    AuditCosignerCreate = "audit.cosigner",
    /// The heads of tenants' logs were collected into the system log.
    AuditCheckpointCollect = "audit.checkpoint",
    /// What is kept outside of a log is another log than the database has.
    AuditForkDetect = "audit.fork_detected",
    /// A log in quarantine was closed, and its next epoch began.
    AuditRecover = "audit.recovered",
    /// Everything a tenant has was exported, to be handed over.
    TenantExport = "tenant.export",
    /// A tenant was purged: the entry stands before anything goes.
    TenantPurge = "tenant.purge",
    /// Another master key took over: what the old one had sealed was sealed anew.
    MasterKeyRotate = "master_key.rotate",
    /// The deployment was set up for the first time.
    Bootstrap = "deployment.bootstrap",
}

impl Action {
    /// The name in the audit log, of the form `[a-z_]+(\.[a-z_]+)+`; the same as [`Action::as_str`].
    pub const fn name(self) -> &'static str {
        self.as_str()
    }
}
