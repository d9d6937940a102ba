//! What a person is inside one tenant.

use crate::text::text_enum;

text_enum! {
    /// What a person is inside one tenant; a tenant always has at least one owner.
    pub enum Role: "role" {
        /// Everything in the tenant, and the only role that makes other owners.
        Owner = "owner",
        /// Everything in the tenant except making or removing owners.
        Admin = "admin",
        /// Works with files: uploads, links, trash and restore.
        Member = "member",
        /// Reads and downloads, changes nothing.
        Viewer = "viewer",
        /// Reads the audit log, usage and file metadata; never a file's bytes.
        Auditor = "auditor",
    }
}

impl Role {
    /// Whether somebody with this role may give `other` to another person, or take it away.
    ///
    /// Nobody grants above the own role: an owner grants every role, an admin every role but owner, the rest
    /// none. An admin may make further admins, so that a tenant does not depend on one person for it.
    pub const fn may_grant(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => !matches!(other, Self::Owner),
            Self::Member | Self::Viewer | Self::Auditor => false,
        }
    }
}
