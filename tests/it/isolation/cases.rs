//! The table: every argument that can lead to a thing, and how it is asked with somebody else's.

use data_encoding::BASE64URL_NOPAD;
use entity::{
    ApiKeyId, AuditExportId, EntryId, EventId, FileId, HoldId, InvitationId, MemberId, TenantId,
    UploadId, VerificationId,
};
use tests::Neighbour;

/// One argument.
pub(super) struct Case {
    /// As the schema's walk names it.
    pub(super) path: &'static str,
    /// The neighbour's values, each with one of the same form that is nobody's.
    pub(super) pairs: fn(&Neighbour) -> Vec<(String, String)>,
    /// How it is asked.
    pub(super) call: Call,
    /// What stands in the answer to a person who has every right in the own tenant.
    pub(super) expect: &'static str,
    /// Whether the value would be worth something to the neighbour.
    pub(super) kind: Kind,
}

/// How an argument is given.
#[derive(Clone, Copy)]
pub(super) enum Call {
    /// As `$x` of a document.
    Graphql(&'static str),
    /// At the end of a path that is read.
    Get(&'static str),
    /// As the header of an upload to this path.
    PutReplacing(&'static str),
    /// In the middle of an upload's path.
    PutAt(&'static str, &'static str),
}

/// What sort of value it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It leads to something of the neighbour.
    Leads,
    /// Anybody may choose it or it is used up: it leads nowhere for the neighbour too.
    Free,
}

/// Arguments outside GraphQL.
pub(super) const REST: &[&str] = &[
    "GET /v1/files (id)",
    "PUT /v1/files (objectId)",
    "PUT /v1/files (Strongroom-Replaces)",
];

macro_rules! by_id {
    ($path:literal, $name:literal, $input:literal, [$($of:ident: $id:ident),*], $noun:literal) => {
        Case {
            path: $path,
            pairs: |n| vec![$((n.$of.clone(), $id::generate().to_string())),*],
            call: Call::Graphql(concat!(
                "mutation($x: ID!) { ", $name, "(input: { ", $input, ": $x }) { ", $noun,
                " auditEvent { id } userErrors { code message path } } }"
            )),
            expect: "NOT_FOUND",
            kind: Kind::Leads,
        }
    };
}

macro_rules! by_cursor {
    ($list:literal, $of:ident) => {
        Case {
            path: concat!("Tenant.", $list, "(after)"),
            pairs: |n| vec![(n.cursors.$of.clone(), forged(&n.cursors.$of))],
            call: Call::Graphql(concat!(
                "query($x: String!) { viewer { tenant { ",
                $list,
                "(first: 5, after: $x) { nodes { id } pageInfo { hasNextPage endCursor } } } } }"
            )),
            expect: "not a cursor of this list",
            kind: Kind::Leads,
        }
    };
}

macro_rules! by_register {
    ($list:literal, $pairs:expr) => {
        Case {
            path: concat!("AuditChain.", $list, "(after)"),
            pairs: $pairs,
            call: Call::Graphql(concat!(
                "query($x: String!) { viewer { tenant { auditChain { ",
                $list,
                "(first: 5, after: $x) { nodes { entry { id } } pageInfo { hasNextPage endCursor } } \
                 } } } }"
            )),
            expect: "not a cursor of this list",
            kind: Kind::Leads,
        }
    };
}

macro_rules! by_filter {
    ($path:literal, $kind:literal, $list:literal, $field:literal, $pairs:expr) => {
        Case {
            path: $path,
            pairs: $pairs,
            call: Call::Graphql(concat!(
                "query($x: ",
                $kind,
                "!) { viewer { tenant { ",
                $list,
                "(first: 5, filter: { ",
                $field,
                ": $x }) { nodes { id } pageInfo { hasNextPage endCursor } } } } }"
            )),
            expect: "\"nodes\":[]",
            kind: Kind::Leads,
        }
    };
}

/// Every case; the walk over the schema says whether one is missing.
pub(super) const CASES: &[Case] = &[
    Case {
        path: "Query.node(id)",
        pairs: every_id,
        call: Call::Graphql("query($x: ID!) { node(id: $x) { __typename id } }"),
        expect: "{\"node\":null}",
        kind: Kind::Leads,
    },
    Case {
        path: "Query.nodes(ids)",
        pairs: every_id,
        call: Call::Graphql("query($x: ID!) { nodes(ids: [$x]) { __typename id } }"),
        expect: "null",
        kind: Kind::Leads,
    },
    // These have no address of their own, for the neighbour neither.
    Case {
        path: "Query.node(id)",
        pairs: |n| {
            vec![
                (n.upload.clone(), UploadId::generate().to_string()),
                (n.invitation.clone(), InvitationId::generate().to_string()),
            ]
        },
        call: Call::Graphql("query($x: ID!) { node(id: $x) { __typename id } }"),
        expect: "{\"node\":null}",
        kind: Kind::Free,
    },
    by_cursor!("members", members),
    by_cursor!("apiKeys", api_keys),
    by_cursor!("files", files),
    by_cursor!("auditEntries", audit_entries),
    Case {
        path: "AuditChain.exports(after)",
        pairs: |n| vec![(n.cursors.exports.clone(), forged(&n.cursors.exports))],
        call: Call::Graphql(
            "query($x: String!) { viewer { tenant { auditChain { exports(first: 5, after: $x) \
             { nodes { id } pageInfo { hasNextPage endCursor } } } } } }",
        ),
        expect: "not a cursor of this list",
        kind: Kind::Leads,
    },
    by_register!("redactions", |n| {
        vec![(n.cursors.redactions.clone(), forged(&n.cursors.redactions))]
    }),
    by_register!("holds", |n| {
        vec![(n.cursors.holds.clone(), forged(&n.cursors.holds))]
    }),
    // The neighbour has pruned nothing: it is too young. No cursor leads anywhere.
    Case {
        path: "AuditChain.prunes(after)",
        pairs: |n| vec![(n.cursors.holds.clone(), forged(&n.cursors.holds))],
        call: Call::Graphql(
            "query($x: String!) { viewer { tenant { auditChain { prunes(first: 5, after: $x) \
             { nodes { planHash } pageInfo { hasNextPage endCursor } } } } } }",
        ),
        expect: "not a cursor of this list",
        kind: Kind::Free,
    },
    by_filter!(
        "AuditFilter.actorId",
        "ID",
        "auditEntries",
        "actorId",
        |n| { vec![(n.owner_member.clone(), MemberId::generate().to_string())] }
    ),
    by_filter!(
        "AuditFilter.targetId",
        "ID",
        "auditEntries",
        "targetId",
        |n| {
            vec![
                (n.file.clone(), FileId::generate().to_string()),
                (n.upload.clone(), UploadId::generate().to_string()),
                (n.key.clone(), ApiKeyId::generate().to_string()),
                (n.member.clone(), MemberId::generate().to_string()),
            ]
        }
    ),
    by_filter!(
        "FileFilter.objectId",
        "String",
        "files",
        "objectId",
        own_word
    ),
    Case {
        path: "SessionTenantSelectInput.tenantId",
        pairs: |n| vec![(n.tenant.clone(), TenantId::generate().to_string())],
        call: Call::Graphql(
            "mutation($x: ID!) { sessionTenantSelect(input: { tenantId: $x }) { tenant { id name } \
             auditEvent { id } userErrors { code message path } } }",
        ),
        expect: "NOT_FOUND",
        kind: Kind::Leads,
    },
    // Whoever holds a fresh token may use it: it is the credential. A used one is worth nothing.
    Case {
        path: "InvitationAcceptInput.token",
        pairs: |n| vec![(n.spent_token.clone(), another_token(&n.spent_token))],
        call: Call::Graphql(
            "mutation($x: String!) { invitationAccept(input: { token: $x, name: \"Somebody\", \
             password: \"long enough to be one\" }) { member { id email } auditEvent { id } \
             userErrors { code message path } } }",
        ),
        expect: "NOT_FOUND",
        kind: Kind::Free,
    },
    Case {
        path: "FileUploadCreateInput.replaces",
        pairs: |n| vec![(n.file.clone(), FileId::generate().to_string())],
        call: Call::Graphql(
            "mutation($x: ID!) { fileUploadCreate(input: { system: \"workspace\", objectType: \"doc\", \
             objectId: \"mine\", filename: \"a.txt\", mediaType: \"text/plain\", byteLen: 5, replaces: $x }) \
             { file { state } userErrors { code message path } } }",
        ),
        expect: "NOT_FOUND",
        kind: Kind::Leads,
    },
    Case {
        path: "FileUploadCreateInput.objectId",
        pairs: own_word,
        call: Call::Graphql(
            "mutation($x: String!) { fileUploadCreate(input: { system: \"workspace\", objectType: \"doc\", \
             objectId: $x, filename: \"a.txt\", mediaType: \"text/plain\", byteLen: 5 }) \
             { file { state replaces } userErrors { code message path } } }",
        ),
        expect: "PENDING",
        kind: Kind::Free,
    },
    by_id!("AuditHoldClearInput.holdId", "auditHoldClear", "reference: \"AZ\", holdId",
        [hold: HoldId], "holdId"),
    Case {
        path: "AuditRedactInput.approverId",
        pairs: |n| vec![(n.owner_member.clone(), MemberId::generate().to_string())],
        call: Call::Graphql(
            "mutation($x: ID!) { auditRedact(input: { entries: [{ seq: \"1\", fields: [\"extra\"] }], \
             basis: \"GDPR\", request: \"DSR-1\", approverId: $x }) { redaction { seq } auditEvent { id } \
             userErrors { code message path } } }",
        ),
        expect: "INVALID",
        kind: Kind::Leads,
    },
    by_id!("ApiKeyRevokeInput.id", "apiKeyRevoke", "id", [key: ApiKeyId], "apiKey { id name }"),
    by_id!("MemberRemoveInput.memberId", "memberRemove", "memberId",
        [member: MemberId, owner_member: MemberId], "member { id name }"),
    Case {
        path: "GET /v1/files (id)",
        pairs: |n| {
            [&n.file, &n.trashed, &n.pending]
                .map(|id| (id.clone(), FileId::generate().to_string()))
                .to_vec()
        },
        call: Call::Get("/v1/files/"),
        expect: "NOT_FOUND",
        kind: Kind::Leads,
    },
    Case {
        path: "PUT /v1/files (objectId)",
        pairs: own_word,
        call: Call::PutAt("workspace/doc/", "/a.txt"),
        expect: "READY",
        kind: Kind::Free,
    },
    Case {
        path: "PUT /v1/files (Strongroom-Replaces)",
        pairs: |n| vec![(n.pending.clone(), FileId::generate().to_string())],
        call: Call::PutReplacing("/v1/files/workspace/doc/mine/a.txt"),
        expect: "NOT_FOUND",
        kind: Kind::Leads,
    },
    // Last, because the neighbour's own requests end with its files purged.
    by_id!("FileSignedUrlCreateInput.fileId", "fileSignedUrlCreate", "fileId",
        [file: FileId, trashed: FileId, pending: FileId], "signedUrl { url }"),
    by_id!("FileTrashInput.fileId", "fileTrash", "fileId",
        [file: FileId, trashed: FileId, pending: FileId], "file { id filename }"),
    by_id!("FileRestoreInput.fileId", "fileRestore", "fileId",
        [trashed: FileId, file: FileId], "file { id filename }"),
    by_id!("FilePurgeInput.fileId", "filePurge", "fileId",
        [file: FileId, trashed: FileId], "file { id filename }"),
    by_id!("FileUploadCompleteInput.uploadId", "fileUploadComplete", "uploadId",
        [upload: UploadId], "file { id filename }"),
];

/// Something of every kind that has an id.
fn every_id(n: &Neighbour) -> Vec<(String, String)> {
    vec![
        (n.tenant.clone(), TenantId::generate().to_string()),
        (n.file.clone(), FileId::generate().to_string()),
        (n.trashed.clone(), FileId::generate().to_string()),
        (n.member.clone(), MemberId::generate().to_string()),
        (n.key.clone(), ApiKeyId::generate().to_string()),
        (n.entry.clone(), EntryId::generate().to_string()),
        (n.event.clone(), EventId::generate().to_string()),
        (n.export.clone(), AuditExportId::generate().to_string()),
        (
            n.verification.clone(),
            VerificationId::generate().to_string(),
        ),
    ]
}

/// What the neighbour calls its own things: a word that anybody may use.
fn own_word(_: &Neighbour) -> Vec<(String, String)> {
    vec![("canary-object".to_owned(), "nobodys-object".to_owned())]
}

/// A cursor of the same form and length with another tag.
fn forged(cursor: &str) -> String {
    let mut bytes = BASE64URL_NOPAD
        .decode(cursor.as_bytes())
        .unwrap_or_default();
    for byte in bytes.iter_mut().take(16) {
        *byte = byte.wrapping_add(101);
    }
    BASE64URL_NOPAD.encode(&bytes)
}

/// A token of the same form that nobody was given.
fn another_token(token: &str) -> String {
    let mut other = token.to_owned();
    let last = other.pop();
    other.push(if last == Some('A') { 'B' } else { 'A' });
    other
}
