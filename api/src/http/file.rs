//! `GET /v1/files/{id}`: a file's record for scripts, such as those that wait for a direct upload.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use data_encoding::HEXLOWER;
use entity::file;
use serde::Serialize;
use store::{Noun, StoreError};

use super::{auth::caller, json, problem::Problem, state::Front};
use crate::service;

/// A file as REST shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileJson<'a> {
    id: String,
    system: &'a str,
    object_type: &'a str,
    object_id: &'a str,
    filename: &'a str,
    media_type: &'a str,
    byte_len: i64,
    sha256: Option<String>,
    state: String,
    created_at: String,
}

/// 200 with the file, whatever its state.
///
/// # Errors
/// 404 for an id of nothing in this tenant, with the same bytes whatever else it may be the id of.
pub(super) async fn get(
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let front = Front::of(&request)?;
    let caller = caller(&request);
    let snapshot = front.app.store.snapshot(caller.actor()?).await?;
    let file = match id.parse() {
        Ok(id) => service::file::find(&snapshot, id).await?,
        // Whoever may not read files is told so, whatever they ask for.
        Err(_) => service::file::may_read(&snapshot).map(|()| None)?,
    };
    let file = file.ok_or(StoreError::NotFound(Noun::File))?;
    json::answer(StatusCode::OK, &FileJson::of(&file))
}

impl<'a> FileJson<'a> {
    pub(super) fn of(file: &'a file::Model) -> Self {
        Self {
            id: file.id.to_string(),
            system: &file.system,
            object_type: &file.object_type,
            object_id: &file.object_id,
            filename: &file.filename,
            media_type: &file.media_type,
            byte_len: file.byte_len,
            sha256: file.sha256.as_deref().map(|hash| HEXLOWER.encode(hash)),
            state: file.state.0.as_str().to_ascii_uppercase(),
            created_at: file
                .created_at
                .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        }
    }
}
