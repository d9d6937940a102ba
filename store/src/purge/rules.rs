//! What becomes of each table's rows when their tenant is purged.

/// Where the rows of a table stand in an export of the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// In the file of that name, `.ndjson`.
    As(&'static str),
    /// In none, and why.
    Not(&'static str),
}

/// What becomes of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// They go.
    Delete(Exported),
    /// They are somebody else's, and forget the tenant.
    Detach,
    /// They go as an entry of the tenant's log says, or have gone into the log.
    Seal,
    /// They stay, and why.
    Keep(&'static str),
}

impl Rule {
    /// The word in plans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete(_) => "delete",
            Self::Detach => "detach",
            Self::Seal => "seal",
            Self::Keep(_) => "keep",
        }
    }
}

const LOG: Rule = Rule::Keep("the audit log, until its own retention ends");

/// Every table with rows of a tenant. A table that is not named here fails a test, and stops every purge.
pub const RULES: &[(&str, Rule)] = &[
    ("api_key", Rule::Delete(Exported::As("api_keys"))),
    ("audit_checkpoint", LOG),
    ("audit_disclosure", Rule::Seal),
    ("audit_entry", LOG),
    (
        "audit_export",
        Rule::Delete(Exported::Not("copies of the log for a while")),
    ),
    ("audit_head", LOG),
    ("audit_hold", LOG),
    ("audit_key", LOG),
    ("audit_outbox", Rule::Seal),
    (
        "audit_purge",
        Rule::Keep("the plan that was agreed to, and the certificate"),
    ),
    (
        "audit_quarantine",
        Rule::Delete(Exported::Not("drafts that never became entries")),
    ),
    ("audit_removal", LOG),
    ("audit_target", LOG),
    ("audit_tile", LOG),
    ("file", Rule::Delete(Exported::As("files"))),
    (
        "idempotency_key",
        Rule::Delete(Exported::Not("what came of requests, for a day")),
    ),
    ("invitation", Rule::Delete(Exported::As("invitations"))),
    (
        "job",
        Rule::Delete(Exported::Not("work of the server itself")),
    ),
    ("member", Rule::Delete(Exported::As("members"))),
    (
        "quota_override",
        Rule::Delete(Exported::As("quota_overrides")),
    ),
    (
        "reservation",
        Rule::Delete(Exported::Not("what was held for a while")),
    ),
    ("session", Rule::Detach),
    ("tenant", Rule::Delete(Exported::As("tenant"))),
    ("tenant_contact", Rule::Delete(Exported::As("contacts"))),
    (
        "upload",
        Rule::Delete(Exported::Not("ways in; what arrived is a file")),
    ),
    ("usage_counter", Rule::Delete(Exported::As("usage"))),
    (
        "verification",
        Rule::Keep("what verified the audit log, and where the next run begins"),
    ),
];

/// The rule of a table.
#[must_use]
pub fn rule(table: &str) -> Option<Rule> {
    let found = RULES.iter().find(|(name, _)| *name == table);
    found.map(|(_, rule)| *rule)
}
