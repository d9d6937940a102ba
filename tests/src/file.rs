//! Files as clients make and fetch them.

use anyhow::{Context as _, ensure};
use data_encoding::HEXLOWER;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Answer, Client, client::text, lossy, wait};

/// The SHA-256 of bytes, as the server says it.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A one-pixel PNG.
pub const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x89, 0x99, 0x3d, 0x1d, 0, 0,
    0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

impl Client {
    /// Uploads through the server, answered however it is.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn put(&self, path: &str, body: impl Into<reqwest::Body>) -> anyhow::Result<Answer> {
        let path = format!("/v1/files/{path}");
        let body = body.into();
        if let (true, Some(bytes)) = (self.drops(), body.as_bytes()) {
            let bytes = bytes.to_vec();
            let request = || self.request(Method::PUT, &path).body(bytes.clone());
            return lossy::ask_twice(request).await;
        }
        Answer::of(self.request(Method::PUT, &path).body(body).send().await?).await
    }

    /// Uploads a text file through the server; returns the file as the server describes it.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn put_text(&self, name: &str, content: &str) -> anyhow::Result<Value> {
        let path = format!("workspace/doc/test/{name}");
        let answer = self.put(&path, content.to_owned()).await?;
        ensure!(answer.status == 201, "{} {}", answer.status, answer.text());
        answer.json()
    }

    /// Uploads straight to the store with a presigned request; returns the file's id, READY.
    ///
    /// # Errors
    /// When a step fails or the file is rejected.
    pub async fn upload_direct(
        &self,
        name: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> anyhow::Result<String> {
        let created = self
            .mutate(
                "fileUploadCreate",
                json!({
                    "system": "workspace", "objectType": "doc", "objectId": "test", "filename": name,
                    "mediaType": media_type, "byteLen": bytes.len().to_string(), "sha256": sha256_hex(bytes),
                }),
                "upload { id url method headers { name value } expiresAt } file { id state }",
            )
            .await?;
        self.send_presigned(&created, bytes).await?;
        let upload = text(&created, "/upload/id")?;
        self.mutate(
            "fileUploadComplete",
            json!({ "uploadId": upload }),
            "file { id state }",
        )
        .await?;
        let file = text(&created, "/file/id")?;
        self.until_state(&file, "READY").await?;
        Ok(file)
    }

    /// Sends the bytes as the created upload says.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn send_presigned(&self, created: &Value, bytes: &[u8]) -> anyhow::Result<()> {
        let mut request = reqwest::Client::new()
            .put(text(created, "/upload/url")?)
            .body(bytes.to_vec());
        let headers = created
            .pointer("/upload/headers")
            .and_then(Value::as_array)
            .context("no headers")?;
        for header in headers {
            request = request.header(text(header, "/name")?, text(header, "/value")?);
        }
        let answer = Answer::of(request.send().await?).await?;
        ensure!(
            answer.status.is_success(),
            "{} {}",
            answer.status,
            answer.text()
        );
        Ok(())
    }

    /// Waits until a file is in a state.
    ///
    /// # Errors
    /// When it is not within half a minute.
    pub async fn until_state(&self, file: &str, state: &str) -> anyhow::Result<()> {
        wait::until(&format!("{file} is {state}"), 30, || async {
            Ok(self.state_of(file).await? == state)
        })
        .await
    }

    /// A file's state.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn state_of(&self, file: &str) -> anyhow::Result<String> {
        let query = "query($id: ID!) { node(id: $id) { ... on File { state } } }";
        let data = self.data(query, json!({ "id": file })).await?;
        text(&data, "/node/state")
    }

    /// A signed link to a file.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn link(&self, file: &str) -> anyhow::Result<String> {
        let payload = self
            .mutate(
                "fileSignedUrlCreate",
                json!({ "fileId": file }),
                "signedUrl { url expiresAt }",
            )
            .await?;
        text(&payload, "/signedUrl/url")
    }

    /// Downloads by link, without a credential.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn download(&self, link: &str) -> anyhow::Result<Answer> {
        Answer::of(reqwest::get(link).await?).await
    }
}
