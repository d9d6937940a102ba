//! Files.

pub mod filter;
pub mod mutation;

use std::sync::Arc;

use async_graphql::{Enum, ID, Object, SimpleObject};
use data_encoding::HEXLOWER;
use entity::{FileId, file};

use super::{
    page::connection,
    principal::Principal,
    scalar::{BigInt, DateTime},
};
use crate::{
    error::{Error, Failure},
    request::Request,
    service,
};
use store::page::PageRequest;

pub use filter::FileFilter;
pub use mutation::FileMutation;
pub(super) use mutation::{about, file_id};

/// Where a file stands. Only a `READY` one can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "policy::FileState")]
pub enum FileState {
    /// Announced; no bytes accepted yet.
    Pending,
    /// Bytes arrived and are being checked.
    Verifying,
    /// Checked; can be fetched.
    Ready,
    /// Failed a check, or never arrived; has no bytes.
    Rejected,
    /// In the trash; can come back.
    Trashed,
    /// Gone for good; its bytes are deleted after the purge delay.
    Purged,
}

/// An image derived from a file.
#[derive(Debug, Clone, SimpleObject)]
pub struct Variant {
    /// What it is called. Needs any role; or scope files:read.
    pub name: String,
    /// Its media type. Needs any role; or scope files:read.
    pub media_type: String,
    /// Its length in bytes. Needs any role; or scope files:read.
    pub byte_len: BigInt,
    /// Pixels from left to right. Needs any role; or scope files:read.
    pub width: i32,
    /// Pixels from top to bottom. Needs any role; or scope files:read.
    pub height: i32,
}

/// A file: its record. The bytes are fetched by link.
#[derive(Debug, Clone)]
pub struct File {
    row: file::Model,
}

impl File {
    /// Shows a row.
    #[must_use]
    pub fn new(row: file::Model) -> Self {
        Self { row }
    }
}

connection!(FileConnection, FileEdge, File, "files");

/// A page of the tenant's files, newest first.
///
/// # Errors
/// `FORBIDDEN`; `INVALID` for a page that cannot be asked for.
pub(crate) async fn list(
    request: &Request,
    first: i64,
    after: Option<String>,
    filter: Option<FileFilter>,
) -> Result<FileConnection, Failure> {
    let page = PageRequest::new(first, after).map_err(Error::from)?;
    let filter = filter
        .map(store::file::FileFilter::from)
        .unwrap_or_default();
    let snapshot = request.snapshot().await?;
    let page = service::file::list(&snapshot, &filter, &page).await?;
    Ok(FileConnection::new(page, |(cursor, row)| {
        (cursor, File::new(row))
    }))
}

/// The tenant's file with that id; none also for another tenant's.
///
/// # Errors
/// `FORBIDDEN`.
pub(crate) async fn find(request: &Arc<Request>, id: FileId) -> Result<Option<File>, Failure> {
    let snapshot = request.snapshot().await?;
    let row = service::file::find(&snapshot, id).await?;
    Ok(row.map(File::new))
}

/// A file: its record. The bytes are fetched by link, see `fileSignedUrlCreate`.
#[Object]
impl File {
    /// `fil_…`. Needs any role; or scope files:read.
    pub(crate) async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// System of the catalogue. Needs any role; or scope files:read.
    async fn system(&self) -> &str {
        &self.row.system
    }

    /// Type of the catalogue. Needs any role; or scope files:read.
    async fn object_type(&self) -> &str {
        &self.row.object_type
    }

    /// The client's own id for what the file belongs to. Needs any role; or scope files:read.
    async fn object_id(&self) -> &str {
        &self.row.object_id
    }

    /// The name, cleaned of what cannot be seen. Needs any role; or scope files:read.
    async fn filename(&self) -> &str {
        &self.row.filename
    }

    /// The name as the client gave it; escape it before you show it. Needs any role; or scope files:read.
    async fn display_name(&self) -> &str {
        &self.row.display_name
    }

    /// What the bytes are; until they were read, what the client says. Needs any role; or scope files:read.
    async fn media_type(&self) -> &str {
        &self.row.media_type
    }

    /// Length in bytes as measured; until then, as declared. Needs any role; or scope files:read.
    async fn byte_len(&self) -> BigInt {
        BigInt(self.row.byte_len)
    }

    /// SHA-256 as the server computed it, lower-case hex; null until then. Needs any role; or scope files:read.
    async fn sha256(&self) -> Option<String> {
        let hash = self.row.sha256.as_deref();
        hash.map(|hash| HEXLOWER.encode(hash))
    }

    /// Where it stands. Needs any role; or scope files:read.
    async fn state(&self) -> FileState {
        self.row.state.0.into()
    }

    /// Why it was rejected; null unless it was. Needs any role; or scope files:read.
    async fn rejection(&self) -> Option<&str> {
        self.row.rejection.as_deref()
    }

    /// The id of the earlier file this one supersedes. Needs any role; or scope files:read.
    async fn replaces(&self) -> Option<ID> {
        self.row.replaces.map(|id| ID(id.to_string()))
    }

    /// When the record was made. Needs any role; or scope files:read.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// Who made it. Needs any role; or scope files:read.
    async fn created_by(&self) -> Principal {
        Principal::of_row(&self.row.created_by_type, self.row.created_by_id)
    }

    /// When it was put into the trash; null unless it is there or was purged from there. Needs any role; or scope files:read.
    async fn trashed_at(&self) -> Option<DateTime> {
        self.row.trashed_at.map(DateTime)
    }

    /// Pixels from left to right of an image that was processed; this version processes none, so it is null. Needs any role; or scope files:read.
    async fn width(&self) -> Option<i32> {
        None
    }

    /// Pixels from top to bottom of an image that was processed; this version processes none, so it is null. Needs any role; or scope files:read.
    async fn height(&self) -> Option<i32> {
        None
    }

    /// Images derived from the file; this version derives none, so the list is empty. Needs any role; or scope files:read.
    async fn variants(&self) -> Vec<Variant> {
        Vec::new()
    }
}
