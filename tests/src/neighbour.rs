//! Another tenant of the same deployment, with something of every kind.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    App, Client,
    client::{mutation, text},
    file::sha256_hex,
    wait,
};

/// Stands in every name the neighbour gives, and nowhere else.
pub const CANARY: &str = "canary";

const PASSWORD: &str = "canary sings in the mine";

/// A second tenant and what it owns.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is an id of what it is called")]
pub struct Neighbour {
    /// Its owner, signed in.
    pub owner: Client,
    pub tenant: String,
    pub file: String,
    pub trashed: String,
    pub pending: String,
    pub upload: String,
    pub owner_member: String,
    pub member: String,
    pub key: String,
    pub invitation: String,
    pub event: String,
    pub entry: String,
    pub verification: String,
    pub export: String,
    pub hold: String,
    /// The token of an invitation that has been accepted.
    pub spent_token: String,
    /// A cursor of each list.
    pub cursors: Cursors,
}

/// The cursor of the first row of each list.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is called as its list")]
pub struct Cursors {
    pub members: String,
    pub api_keys: String,
    pub files: String,
    pub audit_entries: String,
    pub exports: String,
    pub redactions: String,
    pub holds: String,
}

impl Neighbour {
    /// Makes the tenant and lets it do something of every kind.
    ///
    /// # Errors
    /// When any of it is refused.
    pub async fn move_in(app: &App) -> anyhow::Result<Self> {
        let tenant = found(app, "canary").await?;
        let login = app
            .anonymous()
            .login("canary-owner@example.com", PASSWORD)
            .await?;
        let owner = app.client(&login);
        let file = put(&owner, "canary-one.txt").await?;
        let trashed = put(&owner, "canary-two.txt").await?;
        let gone = owner
            .mutate(
                "fileTrash",
                json!({ "fileId": trashed }),
                "auditEvent { id }",
            )
            .await?;
        let opened = open_upload(&owner).await?;
        let (member, spent_token) = take_in(app, &owner).await?;
        let invitation = invite(&owner, "canary-guest@example.com").await?;
        let input = json!({ "name": "canary-key", "scopes": ["FILES_READ"] });
        let key = owner.mutate("apiKeyCreate", input, "apiKey { id }").await?;
        let verified = owner
            .mutate(
                "auditVerify",
                json!({ "full": true }),
                "verification { id }",
            )
            .await?;
        let exported = owner
            .mutate(
                "auditExportCreate",
                json!({ "format": "CSV", "includeDisclosures": true }),
                "export { id }",
            )
            .await?;
        let event = text(&gone, "/auditEvent/id")?;
        let owner_member = own_member(&owner).await?;
        let entry = entry(&owner, &event).await?;
        redact(&owner, &event, &owner_member).await?;
        let hold = json!({ "basis": "court order", "reference": "AZ 1", "reason": "canary" });
        let held = owner.mutate("auditHoldSet", hold, "holdId").await?;
        Ok(Self {
            tenant,
            hold: text(&held, "/holdId")?,
            file,
            trashed,
            pending: text(&opened, "/file/id")?,
            upload: text(&opened, "/upload/id")?,
            owner_member,
            member,
            key: text(&key, "/apiKey/id")?,
            invitation: text(&invitation, "/invitation/id")?,
            entry,
            event,
            verification: text(&verified, "/verification/id")?,
            export: text(&exported, "/export/id")?,
            spent_token,
            cursors: cursors(&owner).await?,
            owner,
        })
    }
}

/// Creates and activates a tenant whose owner is `<slug>-owner@example.com`; returns its id.
///
/// # Errors
/// When it is refused.
pub async fn found(app: &App, slug: &str) -> anyhow::Result<String> {
    let input = json!({
        "slug": format!("{slug}-tenant"), "name": format!("{slug} tenant"), "tier": "PROFESSIONAL",
        "ownerEmail": format!("{slug}-owner@example.com"), "ownerName": format!("{slug} owner"),
        "ownerPassword": PASSWORD,
    });
    let (query, variables) = mutation("tenantCreate", input, "tenant { id }");
    let made = app
        .operator()
        .await?
        .operator_data(&query, variables)
        .await?;
    let id = text(&made, "/tenantCreate/tenant/id")?;
    let (query, variables) = mutation("tenantActivate", json!({ "tenantId": id }), "tenant { id }");
    let operator = app.operator().await?;
    operator.operator_data(&query, variables).await?;
    Ok(id)
}

async fn put(owner: &Client, name: &str) -> anyhow::Result<String> {
    let path = format!("workspace/doc/canary-object/{name}");
    let answer = owner.put(&path, format!("what {name} holds")).await?;
    anyhow::ensure!(answer.status == 201, "{}", answer.text());
    text(&answer.json()?, "/id")
}

async fn open_upload(owner: &Client) -> anyhow::Result<Value> {
    let bytes = b"canary, not sent yet";
    let input = json!({
        "system": "workspace", "objectType": "doc", "objectId": "canary-object",
        "filename": "canary-three.txt", "mediaType": "text/plain",
        "byteLen": bytes.len().to_string(), "sha256": sha256_hex(bytes),
    });
    owner
        .mutate("fileUploadCreate", input, "upload { id } file { id }")
        .await
}

async fn invite(owner: &Client, email: &str) -> anyhow::Result<Value> {
    let input = json!({ "email": email, "role": "VIEWER" });
    owner
        .mutate("memberInvite", input, "invitation { id token }")
        .await
}

async fn take_in(app: &App, owner: &Client) -> anyhow::Result<(String, String)> {
    let invitation = invite(owner, "canary-member@example.com").await?;
    let token = text(&invitation, "/invitation/token")?;
    let input = json!({ "token": token, "name": "canary member", "password": PASSWORD });
    let joined = app
        .anonymous()
        .mutate("invitationAccept", input, "member { id }")
        .await?;
    Ok((text(&joined, "/member/id")?, token))
}

async fn own_member(owner: &Client) -> anyhow::Result<String> {
    let viewer = owner
        .data("{ viewer { principal { id } } }", json!({}))
        .await?;
    text(&viewer, "/viewer/principal/id")
}

async fn entry(owner: &Client, event: &str) -> anyhow::Result<String> {
    let query = "query($x: ID!) { node(id: $x) { ... on AuditEvent { entry { id } } } }";
    wait::until_some("the neighbour's event is in its log", 30, || async {
        let data = owner.data(query, json!({ "x": event })).await?;
        Ok(text(&data, "/node/entry/id").ok())
    })
    .await
}

/// Redacts the address in the entry of an event.
async fn redact(owner: &Client, event: &str, approver: &str) -> anyhow::Result<()> {
    let query = "query($x: ID!) { node(id: $x) { ... on AuditEvent { entry { seq } } } }";
    let data = owner.data(query, json!({ "x": event })).await?;
    let seq = &data["node"]["entry"]["seq"];
    let input = json!({
        "entries": [{ "seq": seq, "fields": ["actor.email"] }],
        "basis": "GDPR Art. 17", "request": "DSR-1", "approverId": approver,
    });
    owner
        .mutate("auditRedact", input, "redaction { seq }")
        .await?;
    Ok(())
}

async fn cursors(owner: &Client) -> anyhow::Result<Cursors> {
    let query = "{ viewer { tenant { members(first: 1) { pageInfo { endCursor } } \
        apiKeys(first: 1) { pageInfo { endCursor } } files(first: 1) { pageInfo { endCursor } } \
        auditEntries(first: 1) { pageInfo { endCursor } } auditChain { \
        exports(first: 1) { pageInfo { endCursor } } \
        redactions(first: 1) { pageInfo { endCursor } } \
        holds(first: 1) { pageInfo { endCursor } } } } } }";
    let data = owner.data(query, json!({})).await?;
    let of = |list: &str| {
        text(&data, &format!("/viewer/tenant/{list}/pageInfo/endCursor"))
            .with_context(|| format!("{list} is empty"))
    };
    Ok(Cursors {
        members: of("members")?,
        api_keys: of("apiKeys")?,
        files: of("files")?,
        audit_entries: of("auditEntries")?,
        exports: of("auditChain/exports")?,
        redactions: of("auditChain/redactions")?,
        holds: of("auditChain/holds")?,
    })
}
