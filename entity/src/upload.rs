//! One way in for a file's bytes.

use policy::UploadState;
use sea_orm::entity::prelude::*;

use crate::{FileId, ReservationId, TenantId, Text, UploadId};

/// One way in for a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The upload.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    /// The file it fills.
    pub file_id: FileId,
    /// Streamed through the server; otherwise presigned to the store.
    pub streamed: bool,
    /// Open, completed, expired or aborted.
    pub state: Text<UploadState>,
    /// The store's id while a multipart upload is open.
    pub multipart_id: Option<String>,
    /// What the client promised.
    pub declared_sha256: Option<Vec<u8>>,
    /// The bytes it holds.
    pub reservation_id: ReservationId,
    /// When it was opened.
    pub created_at: DateTimeUtc,
    /// When the sweeper may close it.
    pub expires_at: DateTimeUtc,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
