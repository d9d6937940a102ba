//! A file of its own for each test, copied from a migrated template.

use std::path::Path;

use tempfile::TempDir;

use super::{TestingError, fingerprint::fingerprint};
use crate::{DatabaseOptions, schema};

const FILE: &str = "strongroom.db";

pub(super) async fn create() -> Result<(DatabaseOptions, TempDir), TestingError> {
    let directory = directory()?;
    let path = directory.path().join(FILE);
    let template = std::env::temp_dir().join(format!("strongroom-template-{}.db", fingerprint()?));
    if !template.exists() {
        make(&template).await?;
    }
    std::fs::copy(&template, &path)?;
    Ok((DatabaseOptions::Sqlite { path }, directory))
}

fn directory() -> std::io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("strongroom-test-")
        .tempdir()
}

/// Migrates a database once, because every statement of it waits for the disk. Tests that start
/// together may each make one; the last rename stays, and they are all the same.
async fn make(template: &Path) -> Result<(), TestingError> {
    let directory = directory()?;
    let path = directory.path().join(FILE);
    schema::migrate(&DatabaseOptions::Sqlite { path: path.clone() }, None).await?;
    let draft = tempfile::NamedTempFile::new_in(std::env::temp_dir())?;
    std::fs::copy(&path, draft.path())?;
    draft.persist(template).map_err(|refused| refused.error)?;
    Ok(())
}
