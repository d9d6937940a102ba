//! An export of a tenant's log: what was asked for, how far it is, what came of it.

use sea_orm::entity::prelude::*;

use crate::{AuditExportId, BareId, TenantId};

/// An export of a tenant's log: what was asked for, how far it is, what came of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_export")]
pub struct Model {
    /// Whose log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The export.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditExportId,
    /// `BUNDLE`, `OCSF` or `CSV`.
    pub format: String,
    /// The epoch of the log; null for the newest, until it is known which that was.
    pub epoch: Option<i32>,
    /// The first entry asked for; later the first that is in it.
    pub first_seq: i64,
    /// The entry behind the last; null until it is known where the log ends.
    pub end_seq: Option<i64>,
    /// Whether personal values go with the entries.
    pub disclosures: bool,
    /// `PENDING`, `RUNNING`, `DONE`, `FAILED` or `EXPIRED`.
    pub state: String,
    /// The number of the attempt that makes it; 0 before the first.
    pub attempt: i32,
    /// Entries written so far.
    pub done_count: i64,
    /// Entries to be written; 0 until it is known.
    pub total_count: i64,
    /// Length of the object.
    pub byte_len: Option<i64>,
    /// SHA-256 of the object.
    pub sha256: Option<Vec<u8>>,
    /// Where the object is; null before it is there and after it was removed.
    pub object_key: Option<String>,
    /// The signed checkpoint up to which the log was exported.
    pub checkpoint: Option<String>,
    /// What a verification beside it found.
    pub verdict: Option<String>,
    /// Why it failed, as a sentence.
    pub reason: Option<String>,
    /// What sort of principal asked.
    pub requested_by_type: String,
    /// Which one.
    pub requested_by_id: BareId,
    /// When it was asked for.
    pub created_at: DateTimeUtc,
    /// When it was made or given up.
    pub finished_at: Option<DateTimeUtc>,
    /// From when on its object is removed.
    pub expires_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
