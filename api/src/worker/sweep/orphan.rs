//! What lies in the store and no open row leads to.
//!
//! Only keys of tenants of this database are touched: a bucket may be shared.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{AuditExportId, FileId, TenantId, UploadId, file, upload};
use policy::{FileState, UploadState};
use store::{
    StoreError, Tx,
    export::{PREFIX as EXPORTS, object_key},
    system::Duty,
};
use uuid::Uuid;

use super::Tally;
use crate::{adapter::blob::Multipart, app::App, error::Error, service::object};

/// Anything younger may belong to a step in progress.
const MIN_AGE: TimeDelta = TimeDelta::hours(24);
const STAGING: &str = "staging/";
const PAGE: usize = 1_000;

/// Whose object a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    File(TenantId, FileId),
    Upload(TenantId, UploadId),
    Export(TenantId, AuditExportId, i32),
}

impl Owner {
    fn tenant(self) -> TenantId {
        match self {
            Self::File(tenant, _) | Self::Upload(tenant, _) | Self::Export(tenant, _, _) => tenant,
        }
    }
}

/// Aborts multipart uploads older than a day whose file no longer waits for them. Says how many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_multiparts(app: &App) -> Result<usize, Error> {
    let before = app.store.now() - MIN_AGE;
    let mut tally = Tally::default();
    for multipart in app.blob.list_multiparts("").await.map_err(object::failed)? {
        if multipart.initiated_at < before {
            tally.note("multiparts", abort(app, &multipart).await);
        }
    }
    Ok(tally.closed())
}

/// Removes staging objects older than a day whose upload is over. Says how many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_staging(app: &App) -> Result<usize, Error> {
    sweep(app, "staging", STAGING).await
}

/// Removes files of exports older than a day that no export has. Says how many.
///
/// # Errors
/// When the list cannot be read.
pub async fn sweep_exports(app: &App) -> Result<usize, Error> {
    sweep(app, "exports", EXPORTS).await
}

async fn sweep(app: &App, name: &'static str, prefix: &str) -> Result<usize, Error> {
    let before = app.store.now() - MIN_AGE;
    let mut tally = Tally::default();
    let mut after: Option<String> = None;
    loop {
        let page = app
            .blob
            .list(prefix, after.as_deref(), PAGE)
            .await
            .map_err(object::failed)?;
        let Some(last) = page.last() else {
            return Ok(tally.closed());
        };
        after = Some(last.key.clone());
        for object in page {
            if object.modified_at < before {
                tally.note(name, remove(app, &object.key, before).await);
            }
        }
    }
}

async fn abort(app: &App, multipart: &Multipart) -> Result<bool, Error> {
    if !is_orphan(app, &multipart.key, multipart.initiated_at).await? {
        return Ok(false);
    }
    app.blob
        .abort_multipart(&multipart.key, &multipart.upload_id)
        .await
        .map_err(object::failed)?;
    Ok(true)
}

async fn remove(app: &App, key: &str, before: DateTime<Utc>) -> Result<bool, Error> {
    if !is_orphan(app, key, before).await? {
        return Ok(false);
    }
    app.blob.delete(key).await.map_err(object::failed)?;
    Ok(true)
}

/// Whether the key is ours and nothing in the rows still waits for it.
async fn is_orphan(app: &App, key: &str, made_at: DateTime<Utc>) -> Result<bool, Error> {
    let Some(owner) = owner(key) else {
        return Ok(false);
    };
    let tenant = owner.tenant();
    let tx = app.store.begin_duty(Duty::UploadSweep, tenant).await?;
    match tx.tenant_record().await {
        Ok(_) => {}
        Err(StoreError::NotFound(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let waits = match owner {
        Owner::File(_, id) => upload_waits(&tx, tx.get_upload_of(id).await).await?,
        Owner::Upload(_, id) => upload_waits(&tx, tx.get_upload(id).await).await?,
        Owner::Export(_, id, attempt) => export_waits(&tx, id, attempt).await?,
    };
    if waits.is_none() {
        tracing::warn!(object.made_at = %made_at, tenant.id = %tenant, "an object in the store has no row");
    }
    Ok(waits != Some(true))
}

/// Whether an upload is still under way; `None` when there is none.
async fn upload_waits(
    tx: &Tx,
    upload: Result<upload::Model, StoreError>,
) -> Result<Option<bool>, Error> {
    let found = rows(tx, upload).await?;
    Ok(found.map(|(upload, file)| {
        upload.state.0 == UploadState::Open || file.state.0 == FileState::Verifying
    }))
}

/// Whether it is the file of an export, or is becoming it; `None` when there is no such export.
async fn export_waits(tx: &Tx, id: AuditExportId, attempt: i32) -> Result<Option<bool>, Error> {
    match tx.get_audit_export(id).await {
        Ok(export) => {
            let is_file = export.object_key == Some(object_key(tx.tenant(), id, attempt));
            let is_made = export.state == "RUNNING" && export.attempt == attempt;
            Ok(Some(is_file || is_made))
        }
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn rows(
    tx: &Tx,
    upload: Result<upload::Model, StoreError>,
) -> Result<Option<(upload::Model, file::Model)>, Error> {
    match upload {
        Ok(upload) => {
            let file = tx.get_file(upload.file_id).await?;
            Ok(Some((upload, file)))
        }
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `staging/{tenant}/{upload}`, `exports/{tenant}/{export}/{attempt}` or `{tenant}/{system}/{objectType}/{objectId}/{file}/{filename}`.
fn owner(key: &str) -> Option<Owner> {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["staging", tenant, upload] => Some(Owner::Upload(
            TenantId(uuid(tenant)?),
            UploadId(uuid(upload)?),
        )),
        ["exports", tenant, export, attempt] => {
            let number: i32 = attempt.parse().ok()?;
            (number.to_string() == *attempt).then_some(())?;
            let export = AuditExportId(uuid(export)?);
            Some(Owner::Export(TenantId(uuid(tenant)?), export, number))
        }
        [tenant, _, _, _, file, _] => {
            Some(Owner::File(TenantId(uuid(tenant)?), FileId(uuid(file)?)))
        }
        _ => None,
    }
}

/// As keys spell it, and no other way.
fn uuid(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    (uuid.to_string() == text).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_back_to_their_rows_and_foreign_keys_nowhere() {
        let (tenant, id) = (Uuid::now_v7(), Uuid::now_v7());
        assert_eq!(
            owner(&format!("staging/{tenant}/{id}")),
            Some(Owner::Upload(TenantId(tenant), UploadId(id)))
        );
        assert_eq!(
            owner(&format!("{tenant}/workspace/doc/7/{id}/a.txt")),
            Some(Owner::File(TenantId(tenant), FileId(id)))
        );
        let (tenant_id, export) = (TenantId(tenant), AuditExportId(id));
        assert_eq!(
            owner(&object_key(tenant_id, export, 2)),
            Some(Owner::Export(tenant_id, export, 2))
        );
        let foreign = [
            String::new(),
            "backup/2026/db.tar".to_owned(),
            format!("{tenant}/{id}"),
            format!("staging/{}/{id}", tenant.simple()),
            format!("exports/{tenant}/{id}/02"),
        ];
        for key in foreign {
            assert_eq!(owner(&key), None, "{key}");
        }
    }
}
