//! One run of chain verification and what it found.

use sea_orm::entity::prelude::*;

use crate::{TenantId, VerificationId};

/// One run of chain verification and what it found.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verification")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VerificationId,
    /// Whether every entry was read.
    pub full: bool,
    /// `RUNNING`, `DONE` or `FAILED`.
    pub state: String,
    /// `INTACT`, `BROKEN`, … once done.
    pub verdict: Option<String>,
    /// `A0` … `A3` once done.
    pub assurance: Option<String>,
    /// How many entries the chain had.
    pub size: i64,
    /// Entries of which a prune took bytes or disclosures.
    pub pruned: i64,
    /// Entries of which redactions took disclosures.
    pub redacted: i64,
    /// The lowest sequence number with damage.
    pub first_bad_seq: Option<i64>,
    /// The class of that damage.
    pub damage: Option<String>,
    /// A sentence.
    pub reason: Option<String>,
    /// As stored, hex.
    pub recorded_hash: Option<String>,
    /// As computed, hex.
    pub recomputed_hash: Option<String>,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
    /// `request`, `schedule` or `command`.
    pub started_by: String,
    /// The epoch that sizes and numbers are of.
    pub epoch: i32,
    /// How many entries were taken from an earlier run; 0 when every entry was read.
    pub begin_size: i64,
    /// How many entries have been read so far.
    pub entries_read: i64,
    /// When that was written last.
    pub reported_at: Option<DateTimeUtc>,
    /// The signed note of the log as it was verified.
    pub checkpoint: Option<String>,
    /// Size of the last signed checkpoint that the entries bear out.
    pub last_good_size: Option<i64>,
    /// When it was signed.
    pub last_good_at: Option<DateTimeUtc>,
    /// Size of the first signed checkpoint that they do not.
    pub first_bad_size: Option<i64>,
    /// When it was signed.
    pub first_bad_at: Option<DateTimeUtc>,
    /// How many rows and columns gave evidence of damage.
    pub affected_count: i64,
    /// Size of the receipt that was given and is borne out.
    pub receipt_size: Option<i64>,
    /// Its time.
    pub receipt_at: Option<DateTimeUtc>,
    /// Size of the newest head kept outside that is borne out.
    pub anchor_size: Option<i64>,
    /// When its last entry was sequenced.
    pub anchor_at: Option<DateTimeUtc>,
    /// HMAC over what a later run may build on.
    pub seal: Option<Vec<u8>>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
