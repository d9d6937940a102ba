//! A file's record; the bytes are an object in the store.

use policy::FileState;
use sea_orm::entity::prelude::*;

use crate::{BareId, FileId, TenantId, Text};

/// A file's record; the bytes are an object in the store.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "file")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The file.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FileId,
    /// System of the catalogue.
    pub system: String,
    /// Type of the catalogue.
    pub object_type: String,
    /// The customer's own id for what the file belongs to.
    pub object_id: String,
    /// The cleaned name, part of the object key.
    pub filename: String,
    /// The name as the client gave it.
    pub display_name: String,
    /// Declared until the bytes were read, then what they say.
    pub media_type: String,
    /// Declared until the bytes were read, then measured.
    pub byte_len: i64,
    /// Computed by the server.
    pub sha256: Option<Vec<u8>>,
    /// Where it stands in its life.
    pub state: Text<FileState>,
    /// Why it was rejected, as a sentence for the client.
    pub rejection: Option<String>,
    /// The earlier file this one supersedes.
    pub replaces: Option<FileId>,
    /// `user`, `api_key`, `operator` or `system`.
    pub created_by_type: String,
    /// Member, key or operator.
    pub created_by_id: BareId,
    /// When the record was made.
    pub created_at: DateTimeUtc,
    /// When its state last changed.
    pub updated_at: DateTimeUtc,
    /// When it was put into the trash.
    pub trashed_at: Option<DateTimeUtc>,
    /// When it was purged; the object is deleted later.
    pub purged_at: Option<DateTimeUtc>,
    /// When the object's bytes were deleted.
    pub deleted_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
