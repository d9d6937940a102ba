//! A case of every mutation of the tenants' schema, in an order in which all succeed.

use entity::TenantId;
use serde_json::{Value, json};
use tests::{App, Client, client::text, file::sha256_hex, wait};

use super::Done;

/// Performs every mutation once.
pub(crate) async fn all(app: &App) -> anyhow::Result<Vec<Done>> {
    let tenant: TenantId = app.first_run.tenant_id.parse()?;
    let mut scene = Scene {
        tenant,
        owner: app.owner().await?,
        done: Vec::new(),
    };
    scene.session(app).await?;
    scene.settings().await?;
    scene.people(app).await?;
    scene.keys().await?;
    scene.direct_upload().await?;
    scene.file_life().await?;
    scene.verification().await?;
    scene.retention().await?;
    scene.end().await?;
    Ok(scene.done)
}

struct Scene {
    tenant: TenantId,
    owner: Client,
    done: Vec<Done>,
}

impl Scene {
    fn note(
        &mut self,
        mutation: &'static str,
        action: &'static str,
        payload: &Value,
    ) -> anyhow::Result<()> {
        let expected = (self.tenant, action, "user");
        self.done.push(Done::new(mutation, payload, expected)?);
        Ok(())
    }

    async fn act(
        &mut self,
        mutation: &'static str,
        action: &'static str,
        input: Value,
        selection: &str,
    ) -> anyhow::Result<Value> {
        let selection = format!("{selection} auditEvent {{ id }}");
        let payload = self.owner.mutate(mutation, input, &selection).await?;
        self.note(mutation, action, &payload)?;
        Ok(payload)
    }

    async fn session(&mut self, app: &App) -> anyhow::Result<()> {
        let first = &app.first_run;
        let input = json!({ "email": first.owner_email, "password": first.owner_password });
        let payload = app
            .anonymous()
            .mutate("login", input, "token auditEvent { id }")
            .await?;
        self.note("login", "session.login", &payload)?;
        self.owner = app.client(&text(&payload, "/token")?);
        let input = json!({ "tenantId": first.tenant_id });
        self.act(
            "sessionTenantSelect",
            "session.tenant_select",
            input,
            "tenant { id }",
        )
        .await?;
        Ok(())
    }

    async fn settings(&mut self) -> anyhow::Result<()> {
        let input = json!({
            "expectedVersion": 1, "name": "Renamed",
            "billingContact": { "name": "Accounts", "email": "accounts@example.com" },
        });
        self.act("tenantUpdate", "tenant.update", input, "tenant { version }")
            .await?;
        let input = json!({ "expectedVersion": 1, "timeZone": "Europe/Zurich" });
        let selection = "settings { version }";
        self.act("tenantSettingsUpdate", "settings.update", input, selection)
            .await?;
        Ok(())
    }

    async fn people(&mut self, app: &App) -> anyhow::Result<()> {
        let input = json!({ "email": "guest@example.com", "role": "MEMBER" });
        let invited = self
            .act(
                "memberInvite",
                "member.invite",
                input,
                "invitation { token }",
            )
            .await?;
        let token = text(&invited, "/invitation/token")?;
        let input = json!({ "token": token, "name": "Guest", "password": "long enough to be one" });
        let joined = app
            .anonymous()
            .mutate("invitationAccept", input, "member { id } auditEvent { id }")
            .await?;
        self.note("invitationAccept", "invitation.accept", &joined)?;
        let input = json!({ "memberId": text(&joined, "/member/id")?, "reason": "left" });
        self.act("memberRemove", "member.remove", input, "member { id }")
            .await?;
        Ok(())
    }

    async fn keys(&mut self) -> anyhow::Result<()> {
        let input = json!({ "name": "short-lived", "scopes": ["FILES_READ"] });
        let made = self
            .act("apiKeyCreate", "api_key.create", input, "apiKey { id }")
            .await?;
        let input = json!({ "id": text(&made, "/apiKey/id")?, "reason": "not needed" });
        self.act("apiKeyRevoke", "api_key.revoke", input, "apiKey { id }")
            .await?;
        Ok(())
    }

    async fn direct_upload(&mut self) -> anyhow::Result<()> {
        let bytes = b"sent straight to the store";
        let input = json!({
            "system": "workspace", "objectType": "doc", "objectId": "o", "filename": "direct.txt",
            "mediaType": "text/plain", "byteLen": bytes.len().to_string(), "sha256": sha256_hex(bytes),
        });
        let selection = "upload { id url headers { name value } } file { id }";
        let created = self
            .act("fileUploadCreate", "file.upload_create", input, selection)
            .await?;
        self.owner.send_presigned(&created, bytes).await?;
        let input = json!({ "uploadId": text(&created, "/upload/id")? });
        self.act(
            "fileUploadComplete",
            "file.upload_complete",
            input,
            "file { id }",
        )
        .await?;
        let file = text(&created, "/file/id")?;
        self.owner.until_state(&file, "READY").await
    }

    async fn file_life(&mut self) -> anyhow::Result<()> {
        let file = self
            .owner
            .put_text("life.txt", "born, trashed, restored, purged")
            .await?;
        let id = text(&file, "/id")?;
        let input = json!({ "fileId": id });
        self.act(
            "fileSignedUrlCreate",
            "link.create",
            input,
            "signedUrl { url }",
        )
        .await?;
        for (mutation, action) in [
            ("fileTrash", "file.trash"),
            ("fileRestore", "file.restore"),
            ("filePurge", "file.purge"),
        ] {
            let input = json!({ "fileId": id, "reason": "as the test says" });
            self.act(mutation, action, input, "file { id }").await?;
        }
        Ok(())
    }

    async fn verification(&mut self) -> anyhow::Result<()> {
        let input = json!({ "full": true });
        self.act("auditVerify", "audit.verify", input, "verification { id }")
            .await?;
        let input = json!({ "format": "BUNDLE" });
        self.act("auditExportCreate", "audit.export", input, "export { id }")
            .await?;
        Ok(())
    }

    async fn retention(&mut self) -> anyhow::Result<()> {
        let query = "{ viewer { principal { id } tenant { auditEntries(first: 100) { nodes { seq raw } } } } }";
        let personal = wait::until_some("an entry with a personal field is there", 30, || async {
            let data = self.owner.data(query, json!({})).await?;
            let entries = data["viewer"]["tenant"]["auditEntries"]["nodes"].as_array();
            let personal = entries.into_iter().flatten().find(|entry| {
                let raw = entry["raw"].as_str().unwrap_or_default();
                raw.contains("\"actor.email\"")
            });
            Ok(personal.map(|entry| {
                (
                    entry["seq"].clone(),
                    data["viewer"]["principal"]["id"].clone(),
                )
            }))
        });
        let (seq, owner) = personal.await?;
        let hold = json!({ "basis": "court order", "reference": "AZ 1/26" });
        let held = self
            .act("auditHoldSet", "audit.hold.set", hold, "holdId")
            .await?;
        let id = text(&held, "/holdId")?;
        let lift = json!({ "holdId": id, "reference": "AZ 1/26" });
        self.act("auditHoldClear", "audit.hold.clear", lift, "holdId")
            .await?;
        let redact = json!({
            "entries": [{ "seq": seq, "fields": ["actor.email"] }],
            "basis": "GDPR Art. 17", "request": "DSR-1", "approverId": owner,
        });
        self.act("auditRedact", "audit.redact", redact, "redaction { seq }")
            .await?;
        Ok(())
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        let query = "mutation { logout { auditEvent { id } userErrors { code } } }";
        let data = self.owner.data(query, json!({})).await?;
        self.note("logout", "session.logout", &data["logout"])
    }
}
