//! What lies in the store and no open row leads to.
//!
//! Only keys of tenants of this database are touched: a bucket may be shared.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{FileId, TenantId, UploadId, file, upload};
use policy::{FileState, UploadState};
use store::{StoreError, Tx, system::Duty};
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
    let before = app.store.now() - MIN_AGE;
    let mut tally = Tally::default();
    let mut after: Option<String> = None;
    loop {
        let page = app
            .blob
            .list(STAGING, after.as_deref(), PAGE)
            .await
            .map_err(object::failed)?;
        let Some(last) = page.last() else {
            return Ok(tally.closed());
        };
        after = Some(last.key.clone());
        for object in page {
            if object.modified_at < before {
                tally.note("staging", remove(app, &object.key, before).await);
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
    let tenant = match owner {
        Owner::File(tenant, _) | Owner::Upload(tenant, _) => tenant,
    };
    let tx = app.store.begin_duty(Duty::UploadSweep, tenant).await?;
    match tx.tenant_record().await {
        Ok(_) => {}
        Err(StoreError::NotFound(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let Some((upload, file)) = rows(&tx, owner).await? else {
        tracing::warn!(object.made_at = %made_at, tenant.id = %tenant, "an object in the store has no row");
        return Ok(true);
    };
    let waits = upload.state.0 == UploadState::Open || file.state.0 == FileState::Verifying;
    Ok(!waits)
}

async fn rows(tx: &Tx, owner: Owner) -> Result<Option<(upload::Model, file::Model)>, Error> {
    let upload = match owner {
        Owner::File(_, id) => tx.get_upload_of(id).await,
        Owner::Upload(_, id) => tx.get_upload(id).await,
    };
    match upload {
        Ok(upload) => {
            let file = tx.get_file(upload.file_id).await?;
            Ok(Some((upload, file)))
        }
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `staging/{tenant}/{upload}` or `{tenant}/{system}/{objectType}/{objectId}/{file}/{filename}`.
fn owner(key: &str) -> Option<Owner> {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["staging", tenant, upload] => Some(Owner::Upload(
            TenantId(uuid(tenant)?),
            UploadId(uuid(upload)?),
        )),
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
        let foreign = [
            String::new(),
            "backup/2026/db.tar".to_owned(),
            format!("{tenant}/{id}"),
            format!("staging/{}/{id}", tenant.simple()),
        ];
        for key in foreign {
            assert_eq!(owner(&key), None, "{key}");
        }
    }
}
