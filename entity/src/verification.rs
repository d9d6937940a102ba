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
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
