//! A file of its own for each test.

use tempfile::TempDir;

use super::TestingError;
use crate::{DatabaseOptions, schema};

pub(super) async fn create() -> Result<(DatabaseOptions, TempDir), TestingError> {
    let directory = tempfile::Builder::new()
        .prefix("strongroom-test-")
        .tempdir()?;
    let path = directory.path().join("strongroom.db");
    let options = DatabaseOptions::Sqlite { path };
    schema::migrate(&options, None).await?;
    Ok((options, directory))
}
