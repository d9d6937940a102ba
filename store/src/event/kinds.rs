//! Every event there is. The macro demands a class for each field and an action for each event.

use audit::entry::Outcome;
use entity::{
    ApiKeyId, AuditExportId, FileId, InvitationId, MemberId, OperatorId, TenantId, UploadId,
    UserId, VerificationId,
};
use policy::Action;

use super::{
    Event,
    class::{CollectedHead, Field, Personal, Public, Target},
};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident => $action:ident { $($(#[$field_doc:meta])* $field:ident: $class:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $class,)*
        }

        impl From<$name> for Event {
            fn from(event: $name) -> Self {
                let mut recorded = Event::new(Action::$action);
                $(event.$field.put(stringify!($field), &mut recorded);)*
                recorded
            }
        }
    )*};
}

mod retention;

pub use retention::*;

events! {
    /// A file arrived through the server and is ready.
    FileUploaded => FileUpload {
        /// The file.
        file: Target<FileId>,
        /// The file it supersedes.
        replaces: Option<Target<FileId>>,
        /// System of the catalogue.
        system: Public<String>,
        /// Type of the catalogue.
        object_type: Public<String>,
        /// Media type by content.
        media_type: Public<String>,
        /// Measured length.
        byte_len: Public<i64>,
        /// Lower-case hex.
        sha256: Public<String>,
        /// The customer's id.
        object_id: Personal<String>,
        /// The cleaned name.
        filename: Personal<String>,
    }
    /// A streamed upload began: the intent, before the store is called.
    FileUploadBegun => FileUpload {
        /// The file to be.
        file: Target<FileId>,
        /// The way in.
        upload: Target<UploadId>,
        /// `begun`.
        phase: Public<&'static str>,
        /// Reserved bytes.
        reserved: Public<i64>,
    }
    /// A streamed upload did not become a file.
    FileUploadFailed => FileUpload {
        /// The file that was to be.
        file: Target<FileId>,
        /// Why, as a code.
        cause: Public<String>,
    }
    /// A direct upload was opened.
    UploadCreated => UploadCreate {
        /// The file to be.
        file: Target<FileId>,
        /// The way in.
        upload: Target<UploadId>,
        /// The file it supersedes.
        replaces: Option<Target<FileId>>,
        /// System of the catalogue.
        system: Public<String>,
        /// Type of the catalogue.
        object_type: Public<String>,
        /// Declared media type.
        media_type: Public<String>,
        /// Declared length.
        byte_len: Public<i64>,
        /// The customer's id.
        object_id: Personal<String>,
        /// The cleaned name.
        filename: Personal<String>,
    }
    /// The client says the bytes of a direct upload are there.
    UploadCompleted => UploadComplete {
        /// The file.
        file: Target<FileId>,
        /// The way in.
        upload: Target<UploadId>,
    }
    /// A direct upload passed every check.
    FileReadied => FileReady {
        /// The file.
        file: Target<FileId>,
        /// Media type by content.
        media_type: Public<String>,
        /// Measured length.
        byte_len: Public<i64>,
        /// Lower-case hex.
        sha256: Public<String>,
    }
    /// A direct upload failed a check.
    FileRejected => FileReject {
        /// The file.
        file: Target<FileId>,
        /// Which check, as a code.
        cause: Public<String>,
    }
    /// Nobody completed a direct upload in time.
    UploadExpired => UploadExpire {
        /// The file that was to be.
        file: Target<FileId>,
        /// The way in.
        upload: Target<UploadId>,
    }
    /// A file went to the trash.
    FileTrashed => FileTrash {
        /// The file.
        file: Target<FileId>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// A file came back from the trash.
    FileRestored => FileRestore {
        /// The file.
        file: Target<FileId>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// A file was purged.
    FilePurged => FilePurge {
        /// The file.
        file: Target<FileId>,
        /// Bytes given back to the quota.
        byte_len: Public<i64>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// A file's retention in the trash is over.
    TrashExpired => TrashExpire {
        /// The file.
        file: Target<FileId>,
        /// Bytes given back to the quota.
        byte_len: Public<i64>,
    }
    /// The bytes of a purged file are to be deleted: the intent.
    FileDeletionBegun => FileDelete {
        /// The file.
        file: Target<FileId>,
        /// `begun`.
        phase: Public<&'static str>,
    }
    /// The bytes of a purged file are gone.
    FileDeleted => FileDelete {
        /// The file.
        file: Target<FileId>,
    }
    /// A signed link was handed out.
    LinkCreated => LinkCreate {
        /// The file.
        file: Target<FileId>,
        /// Seconds it works.
        ttl_seconds: Public<i64>,
        /// `inline` or `attachment`.
        disposition: Public<&'static str>,
        /// Whether an earlier link was handed out again.
        reused: Public<bool>,
    }
    /// An API key was made.
    ApiKeyCreated => ApiKeyCreate {
        /// The key.
        key: Target<ApiKeyId>,
        /// Granted scopes.
        scopes: Public<String>,
        /// When it ends.
        expires_at: Public<String>,
        /// How it is called.
        name: Personal<String>,
        /// Networks it works from.
        cidrs: Personal<Vec<String>>,
    }
    /// An API key was revoked.
    ApiKeyRevoked => ApiKeyRevoke {
        /// The key.
        key: Target<ApiKeyId>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// A person was invited.
    MemberInvited => MemberInvite {
        /// The invitation.
        invitation: Target<InvitationId>,
        /// The role on offer.
        role: Public<String>,
        /// The address it is bound to.
        email: Personal<String>,
    }
    /// An invitation was accepted.
    InvitationAccepted => InvitationAccept {
        /// The invitation.
        invitation: Target<InvitationId>,
        /// The membership it made.
        member: Target<MemberId>,
        /// The role it gave.
        role: Public<String>,
        /// The person's address.
        email: Personal<String>,
    }
    /// A member was removed.
    MemberRemoved => MemberRemove {
        /// The membership.
        member: Target<MemberId>,
        /// The role it had.
        role: Public<String>,
        /// Why, in the actor's words.
        reason: Personal<Option<String>>,
    }
    /// A person signed in.
    SignedIn => SessionLogin {
        /// `token` or `cookie`.
        transport: Public<&'static str>,
        /// The person's address.
        email: Personal<String>,
    }
    /// Somebody gave a wrong password for a known person.
    SignInFailed => SessionLogin {
        /// The person.
        user: Target<UserId>,
        /// The address that was given.
        email: Personal<String>,
    }
    /// A person signed out.
    SignedOut => SessionLogout {
        /// Whether the session was ended by its own person.
        own: Public<bool>,
    }
    /// A person switched to this tenant.
    TenantSelected => SessionTenantSelect {
        /// The person's membership.
        member: Target<MemberId>,
    }
    /// An operator signed in.
    OperatorSignedIn => OperatorLogin {
        /// The operator.
        operator: Target<OperatorId>,
        /// The operator's address.
        email: Personal<String>,
    }
    /// Somebody gave a wrong password for a known operator.
    OperatorSignInFailed => OperatorLogin {
        /// The operator.
        operator: Target<OperatorId>,
        /// The address that was given.
        email: Personal<String>,
    }
    /// An operator signed out.
    OperatorSignedOut => OperatorLogout {
        /// The operator.
        operator: Target<OperatorId>,
    }
    /// An operator account was made.
    OperatorCreated => OperatorCreate {
        /// The operator.
        operator: Target<OperatorId>,
        /// The operator's address.
        email: Personal<String>,
    }
    /// A tenant was created, with its first owner.
    TenantCreated => TenantCreate {
        /// The tenant.
        tenant: Target<TenantId>,
        /// The owner's membership.
        owner: Target<MemberId>,
        /// Its tier.
        tier: Public<String>,
        /// Its short name.
        slug: Personal<String>,
        /// The owner's address.
        owner_email: Personal<String>,
    }
    /// A tenant was activated.
    TenantActivated => TenantActivate {
        /// The tenant.
        tenant: Target<TenantId>,
        /// Why, in the operator's words.
        reason: Personal<Option<String>>,
    }
    /// A tenant was suspended.
    TenantSuspended => TenantSuspend {
        /// The tenant.
        tenant: Target<TenantId>,
        /// Why, in the operator's words.
        reason: Personal<Option<String>>,
    }
    /// A tenant's suspension was lifted.
    TenantRestored => TenantRestore {
        /// The tenant.
        tenant: Target<TenantId>,
        /// Why, in the operator's words.
        reason: Personal<Option<String>>,
    }
    /// A tenant was closed for good.
    TenantDeactivated => TenantDeactivate {
        /// The tenant.
        tenant: Target<TenantId>,
        /// From when on it may be purged.
        purge_after: Public<Option<String>>,
        /// Why, in the operator's words.
        reason: Personal<Option<String>>,
    }
    /// A tenant was put on another tier.
    TierChanged => TenantTierChange {
        /// The tenant.
        tenant: Target<TenantId>,
        /// The tier before.
        before: Public<&'static str>,
        /// The tier now.
        after: Public<&'static str>,
        /// Why, in the operator's words.
        reason: Personal<String>,
    }
    /// A tenant got a limit of its own.
    QuotaOverridden => QuotaOverrideSet {
        /// The tenant.
        tenant: Target<TenantId>,
        /// What is limited.
        metric: Public<&'static str>,
        /// The limit.
        limit: Public<i64>,
        /// The limit before.
        before: Public<i64>,
        /// Why, in the operator's words.
        reason: Personal<String>,
    }
    /// A tenant's own limit was taken away.
    QuotaOverrideCleared => QuotaOverrideClear {
        /// The tenant.
        tenant: Target<TenantId>,
        /// What is limited.
        metric: Public<&'static str>,
        /// The limit of the tier, which holds again.
        limit: Public<i64>,
        /// The limit before.
        before: Public<i64>,
        /// Why, in the operator's words.
        reason: Personal<Option<String>>,
    }
    /// A tenant's name or contacts were changed.
    TenantUpdated => TenantUpdate {
        /// The tenant.
        tenant: Target<TenantId>,
        /// What was changed: `name`, `contact`, `billingContact`.
        changed: Public<Vec<&'static str>>,
        /// The version it has now.
        version: Public<i64>,
        /// The name it has now, if that was changed.
        name: Personal<Option<String>>,
    }
    /// A tenant's settings were changed.
    SettingsUpdated => SettingsUpdate {
        /// The tenant.
        tenant: Target<TenantId>,
        /// Which keys.
        changed: Public<Vec<&'static str>>,
        /// The version they have now.
        version: Public<i64>,
        /// Key and value of each.
        values: Personal<Vec<String>>,
    }
    /// Everything a tenant has was written down.
    TenantExported => TenantExport {
        /// The tenant.
        tenant: Target<TenantId>,
        /// Objects among it.
        objects: Public<u64>,
        /// Bytes of the objects.
        byte_len: Public<u64>,
        /// Of the list of all files and their hashes, lower-case hex.
        manifest: Public<String>,
    }
    /// A purge began: what the plan names may go from now on.
    TenantPurgeBegun => TenantPurge {
        /// The tenant.
        tenant: Target<TenantId>,
        /// `begun`.
        phase: Public<&'static str>,
        /// The hash of the plan, lower-case hex.
        plan: Public<String>,
        /// Rows that go.
        rows: Public<u64>,
        /// Objects that go.
        objects: Public<u64>,
        /// Bytes of the objects.
        byte_len: Public<u64>,
        /// Whether it was exported before.
        exported: Public<bool>,
        /// The matter it belongs to, as a code.
        reference: Public<Option<String>>,
    }
    /// A purge is done, in the system log.
    TenantPurged => TenantPurge {
        /// The tenant that was.
        tenant: Target<TenantId>,
        /// `done`.
        phase: Public<&'static str>,
        /// The hash of the plan, lower-case hex.
        plan: Public<String>,
        /// Rows that are gone.
        rows: Public<u64>,
        /// Name, size and root of the tenant's log at its end.
        log: Public<Vec<CollectedHead>>,
        /// Of the signed certificate, lower-case hex.
        certificate: Public<String>,
    }
    /// A verification began.
    VerificationBegun => AuditVerify {
        /// The run.
        verification: Target<VerificationId>,
        /// `begun`.
        phase: Public<&'static str>,
        /// Whether every entry is read.
        full: Public<bool>,
    }
    /// A verification ended.
    VerificationEnded => AuditVerify {
        /// The run.
        verification: Target<VerificationId>,
        /// The verdict.
        verdict: Public<String>,
        /// How many entries the chain had.
        size: Public<i64>,
        /// The first bad one.
        first_bad_seq: Public<Option<i64>>,
        /// The class of the damage.
        damage: Public<Option<String>>,
    }
    /// An export of the log was asked for.
    ExportBegun => AuditExport {
        /// The export.
        export: Target<AuditExportId>,
        /// `begun`.
        phase: Public<&'static str>,
        /// `BUNDLE`, `OCSF` or `CSV`.
        format: Public<&'static str>,
        /// The epoch; left out for the newest.
        epoch: Public<Option<u64>>,
        /// The first entry.
        first: Public<u64>,
        /// The entry behind the last; left out for all there are.
        end: Public<Option<u64>>,
        /// Whether personal values go with the entries.
        disclosures: Public<bool>,
    }
    /// The personal values that an export takes along were asked for.
    ExportDisclosed => AuditDisclose {
        /// The export.
        export: Target<AuditExportId>,
    }
    /// An export of the log was made.
    ExportEnded => AuditExport {
        /// The export.
        export: Target<AuditExportId>,
        /// `done`.
        phase: Public<&'static str>,
        /// `BUNDLE`, `OCSF` or `CSV`.
        format: Public<&'static str>,
        /// The epoch.
        epoch: Public<u64>,
        /// The first entry.
        first: Public<u64>,
        /// The entry behind the last.
        end: Public<u64>,
        /// How many entries the log had.
        size: Public<u64>,
        /// Length of the file; left out for a directory.
        byte_len: Public<Option<u64>>,
        /// Of the file, lower-case hex; left out for a directory.
        sha256: Public<Option<String>>,
        /// What the verification beside it found; lines come without one.
        verdict: Public<Option<&'static str>>,
    }
    /// An export of the log was given up.
    ExportFailed => AuditExport {
        /// The export.
        export: Target<AuditExportId>,
        /// `failed`.
        phase: Public<&'static str>,
        /// Why, as a sentence.
        cause: Public<String>,
    }
    /// The file of an export was removed, its time being over.
    ExportExpired => AuditExport {
        /// The export.
        export: Target<AuditExportId>,
        /// `expired`.
        phase: Public<&'static str>,
    }
    /// A signed link to an export was handed out.
    ExportLinkCreated => AuditExportLink {
        /// The export.
        export: Target<AuditExportId>,
        /// Seconds it works.
        ttl_seconds: Public<i64>,
    }
    /// A draft was put into quarantine instead of the chain.
    DraftRejected => AuditDraftReject {
        /// The event id it carried.
        event: Public<String>,
        /// Why it could not become an entry.
        cause: Public<String>,
    }
    /// A log got a new signing key; the old one signs beside it until it retires.
    LogKeyRotated => AuditKeyRotate {
        /// Number of the new key.
        key_no: Public<i64>,
        /// Number of the key it will replace.
        retires: Public<i64>,
        /// The new key, as signed notes write it.
        vkey: Public<String>,
    }
    /// The seed of a log's signing key was destroyed.
    LogKeyRetired => AuditKeyRetire {
        /// Number of the key.
        key_no: Public<i64>,
    }
    /// The key that states when a log had which head was made.
    CosignerCreated => AuditCosignerCreate {
        /// Its number.
        key_no: Public<i64>,
        /// The key, as signed notes write it.
        vkey: Public<String>,
    }
    /// Heads of tenants' logs were collected; all of them, or a part that fits an entry.
    CheckpointsCollected => AuditCheckpointCollect {
        /// Name, size and root of each.
        logs: Public<Vec<CollectedHead>>,
    }
    /// What is kept outside for this size of the system log has another root.
    ForkDetected => AuditForkDetect {
        /// The size.
        size: Public<u64>,
        /// The root that the database has, lower-case hex.
        root: Public<String>,
        /// The root that is kept outside; left out when that is no checkpoint of this log.
        anchored_root: Public<Option<String>>,
    }
    /// A log was put into quarantine: what is kept outside of it is another log. It waits in the outbox until the log
    /// is recovered.
    LogQuarantined => AuditForkDetect {
        /// The epoch that was appended to.
        epoch: Public<i64>,
        /// How many entries the database has.
        size: Public<u64>,
        /// Their root, lower-case hex.
        root: Public<Option<String>>,
        /// The epoch of the head that is kept outside.
        known_epoch: Public<i64>,
        /// Its size.
        known_size: Public<u64>,
        /// Its root, lower-case hex.
        known_root: Public<String>,
    }
    /// A log was recovered: the epoch before is closed, this one has begun.
    LogRecovered => AuditRecover {
        /// The epoch that began.
        epoch: Public<i64>,
        /// The name of the log in the epoch before.
        kept_origin: Public<String>,
        /// How many of its entries are kept.
        kept_size: Public<u64>,
        /// Their root, lower-case hex.
        kept_root: Public<String>,
        /// The name of the log of which a head is kept outside.
        known_origin: Public<Option<String>>,
        /// How many entries that head has.
        known_size: Public<Option<u64>>,
        /// Its root, lower-case hex.
        known_root: Public<Option<String>>,
        /// How many entries are known to have been and are not there.
        lost: Public<u64>,
    }
    /// Another master key took over.
    MasterKeyRotated => MasterKeyRotate {
        /// Its number.
        master_no: Public<i64>,
        /// The number of the one before.
        retires: Public<i64>,
        /// How many seeds were sealed anew.
        resealed: Public<u64>,
    }
    /// The deployment was set up.
    Bootstrapped => Bootstrap {
        /// The first operator.
        operator: Target<OperatorId>,
        /// The first tenant.
        tenant: Target<TenantId>,
        /// The first key.
        key: Target<ApiKeyId>,
    }
}

/// Somebody known was refused: folded by principal, action and minute.
#[must_use]
pub(crate) fn denied(action: Action, count: u64) -> Event {
    let mut event = Event::new(action).with_outcome(Outcome::Denied);
    Public(count).put("count", &mut event);
    event
}
